"""Use cases of submissions: hand in work, and request changes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.errors import FieldError
from app.core.i18n import N_
from app.core.ids import new_id
from app.core.unit_of_work import UnitOfWork
from app.features.contracts import policy, rules
from app.features.contracts.errors import AnswerLateError, InvalidSubmissionError, MilestoneNotFoundError
from app.features.contracts.events import ReviewWaits
from app.features.contracts.repository import ContractReadRepository, DealRepository, LockedDeal, LockedMilestone
from app.features.contracts.rules import MilestoneEvent
from app.features.contracts.schemas import ChangesRequest, LineAnswer, SubmissionCreate
from app.features.contracts.service.guards import (
    change_state,
    lock_milestone,
    parties,
    record,
    require,
    require_state,
    timer,
)
from app.features.contracts.service.refunds import refuse_by_submission
from app.features.files import service as files
from app.features.files.schemas import Subject
from app.features.identity import service as identity
from app.models import ChangeRequest, Milestone, MilestoneStatus, Submission, TimerKind
from app.models.file import SubjectKind

ANSWER_MISSING = N_("Answer this line with a text or a file.")
TOO_MANY_ANSWERS = N_("The checklist has no such line.")


def files_of(submission_id: UUID) -> Subject:
    """Return the subject to which the files of a submission are attached."""
    return Subject(SubjectKind.SUBMISSION, submission_id)


async def require_submittable(session: AsyncSession, actor: Actor, milestone_id: UUID) -> None:
    """Refuse to take work on a milestone as `submit_work` would now; nothing is locked.

    Raises:
        MilestoneNotFoundError: The actor is not a party.
        WrongPartyError: The actor is not the freelancer.
        MilestoneStateError: The milestone is neither in work nor is a refund asked for.
        ContractStateError: The contract has ended or is paused.
    """
    found = await ContractReadRepository(session).of_milestone(milestone_id, actor.id)
    side = policy.side_of(actor, found[0]) if found is not None else None
    if found is None or side is None:
        raise MilestoneNotFoundError
    _contract, deal, milestone = found
    require_state(deal, milestone, MilestoneEvent.SUBMIT, side)


async def submit_work(
    uow: UnitOfWork, actor: Actor, milestone_id: UUID, command: SubmissionCreate
) -> tuple[Submission, Milestone]:
    """Hand in work, as the freelancer: an answer to every line of the checklist. The review time begins.

    An open refund request counts as refused: asking must not keep the freelancer from being paid.

    Emits `DealMoved` and `ReviewWaits`.

    Raises:
        MilestoneNotFoundError: The actor is not a party.
        WrongPartyError: The actor is not the freelancer.
        MilestoneStateError: The milestone is neither in work nor is a refund asked for.
        InvalidSubmissionError: A line has neither a text nor a file.
        InvalidFilesError: A file is not the actor's, or was refused.
        AnswerLateError: A refund was asked for, and the time to answer is over.
    """
    locked, side = await lock_milestone(uow, actor, milestone_id, command.version)
    require(locked, MilestoneEvent.SUBMIT, side)
    milestone = locked.milestone
    _check_answers(milestone.checklist, command.answers)
    if milestone.status is MilestoneStatus.REFUND_REQUESTED:
        await refuse_by_submission(uow, locked)
    await change_state(uow, locked.contract, milestone, MilestoneEvent.SUBMIT, locked.now)
    milestone.submissions += 1
    milestone.submitted_at = locked.now
    made = Submission(
        id=new_id(),
        milestone_id=milestone.id,
        number=milestone.submissions,
        note=command.note,
        answers=_stored(milestone.checklist, command.answers),
        submitted_at=locked.now,
    )
    repository = DealRepository(uow.session)
    await repository.insert_all(made)
    wanted = [file_id for answer in command.answers for file_id in answer.files]
    if wanted:
        await files.attach_to_new(uow, actor, files_of(made.id), wanted)
    await repository.add_timers(_review_timers(locked, made))
    record(uow, locked, MilestoneEvent.SUBMIT, side, actor=actor, milestone=milestone)
    uow.emit(
        ReviewWaits(**parties(locked.contract), milestone_id=str(milestone.id), submission_id=str(made.id), days=0)
    )
    return made, milestone


async def request_changes(uow: UnitOfWork, actor: Actor, milestone_id: UUID, command: ChangesRequest) -> Milestone:
    """Send submitted work back, as the client, with what is wrong by lines of the checklist. Emits `DealMoved`.

    The rounds are counted; the review time ends, and a full one begins with the next submission.

    Raises:
        MilestoneNotFoundError: The actor is not a party.
        WrongPartyError: The actor is not the client.
        MilestoneStateError: Nothing is submitted.
        InvalidSubmissionError: The checklist has no such line.
        AnswerLateError: The review time is over: the work counts as accepted.
    """
    locked, side = await lock_milestone(uow, actor, milestone_id, command.version)
    require(locked, MilestoneEvent.REQUEST_CHANGES, side)
    milestone = locked.milestone
    errors = [
        FieldError(("body", "lines", place, "line"), TOO_MANY_ANSWERS)
        for place, fault in enumerate(command.lines)
        if fault.line >= len(milestone.checklist)
    ]
    if errors:
        raise InvalidSubmissionError(errors=errors)
    repository = DealRepository(uow.session)
    submission = await repository.last_submission(milestone.id)
    if submission is None:
        raise InvalidSubmissionError
    late = await repository.due_timer(locked.contract.id, submission.id, TimerKind.REVIEW)
    if late is not None and await ends_by_silence(uow, locked, submission.id):
        raise AnswerLateError(params={"until": late.due_at})
    await change_state(uow, locked.contract, milestone, MilestoneEvent.REQUEST_CHANGES, locked.now)
    milestone.rounds += 1
    await repository.insert_all(
        ChangeRequest(
            submission_id=submission.id,
            milestone_id=milestone.id,
            round=milestone.rounds,
            note=command.note,
            lines=[fault.model_dump() for fault in command.lines],
            requested_at=locked.now,
        )
    )
    due = locked.now + rules.duration(locked.deal.settings, "resubmit_days")
    await repository.add_timers([timer(locked, TimerKind.RESUBMIT, due, milestone=milestone, subject_id=submission.id)])
    record(uow, locked, MilestoneEvent.REQUEST_CHANGES, side, actor=actor, milestone=milestone)
    return milestone


async def ends_by_silence(uow: UnitOfWork, locked: LockedDeal, submission_id: UUID) -> bool:
    """Tell whether silence of the client counts as acceptance of a submission.

    The client must surely have been told often enough. One who is banned, or has closed the account, is sent nothing:
    that must not hold up earned money for ever.
    """
    notices = await DealRepository(uow.session).notices(submission_id)
    return rules.may_release_by_silence(notices) or not await identity.is_active(
        uow.session, locked.contract.customer_id
    )


def _check_answers(checklist: Sequence[str], answers: Sequence[LineAnswer]) -> None:
    given = [*answers, *[LineAnswer()] * (len(checklist) - len(answers))]
    errors = [
        FieldError(("body", "answers", place, "text"), ANSWER_MISSING if place < len(checklist) else TOO_MANY_ANSWERS)
        for place, answer in enumerate(given)
        if place >= len(checklist) or not (answer.text or answer.files)
    ]
    if errors:
        raise InvalidSubmissionError(errors=errors)


def _stored(checklist: Sequence[str], answers: Sequence[LineAnswer]) -> list[dict[str, Any]]:
    return [
        {"line": line, "text": answer.text, "files": [str(file_id) for file_id in answer.files]}
        for line, answer in zip(checklist, answers, strict=True)
    ]


def _review_timers(locked: LockedMilestone, submission: Submission) -> list[dict[str, Any]]:
    """Return the timers of a review: its end, and the reminders before it."""
    end = locked.now + rules.duration(locked.deal.settings, "acceptance_days")

    def of(kind: TimerKind, due: datetime) -> dict[str, Any]:
        return timer(locked, kind, due, milestone=locked.milestone, subject_id=submission.id)

    reminders = (end - timedelta(days=days) for days in rules.REMINDER_DAYS)
    return [
        of(TimerKind.REVIEW, end),
        *(of(TimerKind.REMIND_OF_REVIEW, due) for due in reminders if due > locked.now),
    ]
