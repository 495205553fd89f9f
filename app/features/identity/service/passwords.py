"""Forgotten and changed passwords."""

import asyncio

from app.core.clock import utc_now
from app.core.resources import Resources
from app.core.security.limits import Rate
from app.core.security.passwords import password_hasher
from app.core.uow import UnitOfWork
from app.features.identity import repository, rules
from app.features.identity.errors import AccountInputError, BadChallengeError, NotSignedInError, WrongPasswordError
from app.features.identity.events import PasswordChanged, PasswordResetRequested
from app.features.identity.repository import SessionView
from app.features.identity.schemas import PasswordChange, PasswordStrength, PasswordToJudge, ResetConfirmation
from app.features.identity.service.callers import Caller, note
from app.features.identity.service.contacts import open_challenge, owner_of_link, take_code, take_link
from app.features.identity.service.screening import screen
from app.features.identity.service.sessions import prove
from app.models.challenge import AuthChallenge, ChallengePurpose
from app.models.security_event import SecurityEventKind
from app.models.session import SessionEnd
from app.models.user import User, UserStatus

RESETS_BY_ADDRESS = Rate("reset", 60, 3600)
RESETS_BY_NAME = Rate("reset-name", 5, 3600)
ANSWERS_BY_NAME = Rate("reset-answer", 20, 3600)
ANSWERS_BY_ADDRESS = Rate("reset-answer-from", 60, 3600)
JUDGED_BY_ADDRESS = Rate("judge", 240, 60)
JUDGED_LENGTH = 64
RESET = (ChallengePurpose.RESET_PASSWORD,)


async def ask_reset(uow: UnitOfWork, typed: str, caller: Caller) -> None:
    """Take note that somebody forgot a password. Known and unknown names do the same work here; a worker goes on.

    Raises:
        TooManyTriesError: Too many from one address.
    """
    await uow.resources.limiter.hit(RESETS_BY_ADDRESS, caller.limit_key)
    uow.emit(PasswordResetRequested(identifier=typed.strip(), address=caller.address))


async def prepare_reset(uow: UnitOfWork, typed: str, caller: Caller) -> AuthChallenge | None:
    """Open the challenge if the name is known; the letter goes to a contact of the account, never to what was typed."""
    user = await repository.find_user(uow.session, **rules.identify(typed, uow.resources.settings.phone_region).keys)
    if user is None or user.status is not UserStatus.ACTIVE:
        return None
    if not await uow.resources.limiter.allows(RESETS_BY_NAME, str(user.id)):
        return None
    # A confirmed contact first: an address with a slip in it belongs to a stranger.
    confirmed = (user.email if user.email_confirmed_at else None) or (user.phone if user.phone_confirmed_at else None)
    target = confirmed or user.email or user.phone or ""
    note(uow, user.id, SecurityEventKind.PASSWORD_RESET_ASKED, caller)
    return await open_challenge(uow, user, ChallengePurpose.RESET_PASSWORD, target)


async def draft_reset(resources: Resources, form: ResetConfirmation, caller: Caller) -> tuple[str, bool]:
    """Look at the new password and hash it, before any transaction; the proof is only looked at, not used.

    A hash costs a quarter of a second, so nobody gets one for a made-up link or without end.

    Raises:
        AccountInputError: The password cannot be accepted.
        BadChallengeError: There is no proof, or the link is none of ours.
        TooManyTriesError: Too many answers for one name or from one address.
    """
    await resources.limiter.hit(ANSWERS_BY_ADDRESS, caller.limit_key)
    if form.token:
        async with resources.read_sessions() as session:
            user = await owner_of_link(session, resources.settings, form.token)
        if user is None:
            raise BadChallengeError
        words = _words_of(user)
    elif form.code and form.identifier:
        identifier = rules.identify(form.identifier, resources.settings.phone_region)
        await resources.limiter.hit(ANSWERS_BY_NAME, identifier.counted_as)
        words = rules.own_words(form.identifier, None, None)
    else:
        raise BadChallengeError
    unchecked = await screen(resources, form.password, words, loc="password")
    return await password_hasher(resources.settings.bcrypt_rounds).hash(form.password), unchecked


async def answer_reset(uow: UnitOfWork, form: ResetConfirmation, drafted: tuple[str, bool], caller: Caller) -> None:
    """Set the drafted password by link or code. It signs nobody in, and every session ends.

    Raises:
        BadChallengeError: The proof does not hold; a wrong code is counted.
        AccountInputError: The password is one of the person's own names, which a code tells only now.
    """
    challenge = await _proof(uow, form)
    user = await repository.lock_user(uow.session, challenge.user_id)
    if user is None or user.status is not UserStatus.ACTIVE:
        raise BadChallengeError
    if challenge.target not in (user.email, user.phone):
        raise BadChallengeError
    shortest = uow.resources.settings.password_min_length
    problems = rules.password_problems(form.password, _words_of(user), shortest=shortest, loc="password")
    if problems:
        raise AccountInputError(errors=problems)
    hashed, user.password_unchecked = drafted
    await _set_password(uow, user, hashed, caller, reset=True)
    if challenge.target == user.email and user.email_confirmed_at is None:
        user.email_confirmed_at = utc_now()
    await repository.end_sessions(uow.session, user.id, SessionEnd.PASSWORD_RESET, utc_now())
    user.epoch += 1


def _words_of(user: User) -> list[str]:
    return rules.own_words(user.username, user.email, user.phone, user.display_name)


async def _proof(uow: UnitOfWork, form: ResetConfirmation) -> AuthChallenge:
    if form.token:
        return await take_link(uow, form.token, RESET)
    if not form.code or not form.identifier:
        raise BadChallengeError
    identifier = rules.identify(form.identifier, uow.resources.settings.phone_region)
    user = await repository.find_user(uow.session, **identifier.keys)
    if user is None:
        raise BadChallengeError
    return await take_code(uow, user.id, form.code, RESET)


async def change_password(uow: UnitOfWork, view: SessionView, form: PasswordChange, caller: Caller) -> int:
    """Set a new password after the present one, and return how many other sessions ended.

    Raises:
        WrongPasswordError: The present password is wrong.
        AccountInputError: The new one cannot be accepted.
    """
    proved = await prove(uow.resources, view.user_id, form.current_password)
    words = rules.own_words(view.username, view.email, view.phone, view.display_name)
    unchecked = await screen(uow.resources, form.new_password, words, loc="new_password")
    hashed = await password_hasher(uow.resources.settings.bcrypt_rounds).hash(form.new_password)
    user = await repository.lock_user(uow.session, view.user_id)
    if user is None:
        raise NotSignedInError
    if user.password_hash != proved:
        raise WrongPasswordError
    user.password_unchecked = unchecked
    await _set_password(uow, user, hashed, caller, reset=False)
    if not form.end_other_sessions:
        return 0
    user.epoch += 1
    here = await repository.lock_session(uow.session, view.id)
    if here is not None:
        here.epoch = user.epoch
    return await repository.end_sessions(uow.session, user.id, SessionEnd.PASSWORD_CHANGED, utc_now(), keep=view.id)


async def _set_password(uow: UnitOfWork, user: User, hashed: str, caller: Caller, *, reset: bool) -> None:
    user.password_hash = hashed
    user.password_changed_at = utc_now()
    # Whoever knew the old password may have asked for another address: such a link must not outlive the password.
    for purpose in (ChallengePurpose.RESET_PASSWORD, ChallengePurpose.CHANGE_EMAIL, ChallengePurpose.CHANGE_PHONE):
        await repository.close_challenges(uow.session, user.id, purpose, utc_now())
    kind = SecurityEventKind.PASSWORD_RESET if reset else SecurityEventKind.PASSWORD_CHANGED
    note(uow, user.id, kind, caller)
    uow.emit(PasswordChanged(user_id=str(user.id), reset=reset))


def _score(password: str, words: list[str]) -> int:
    from zxcvbn import zxcvbn  # noqa: PLC0415 - its lists weigh 11 MB, and few processes ever judge

    return int(zxcvbn(password[:JUDGED_LENGTH], user_inputs=words)["score"]) if password else 0


async def judge_password(resources: Resources, form: PasswordToJudge, caller: Caller) -> PasswordStrength:
    """Say how strong a password is while it is typed; nothing of it is kept.

    Raises:
        TooManyTriesError: Too many from one address.
    """
    await resources.limiter.hit(JUDGED_BY_ADDRESS, caller.limit_key)
    words = rules.own_words(form.username or "", form.email, None)
    problems = rules.password_problems(
        form.password, words, shortest=resources.settings.password_min_length, loc="password"
    )
    score = await asyncio.to_thread(_score, form.password, [*words, *rules.PRODUCT_WORDS])
    return PasswordStrength(
        score=0 if problems else score, acceptable=not problems, problems=[problem.text() for problem in problems]
    )
