"""Pure consequences for accounts: what names, addresses, numbers and passwords are, and how long a delay is."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from app.core.errors import FieldError
from app.core.i18n import N_
from app.core.persistence.pagination import BadCursorError

USERNAME_MIN, USERNAME_MAX = 3, 32
EMAIL_MAX = 254
PASSWORD_MAX = 512
DISPLAY_NAME_MAX = 80
FREE_TRIES = 5
LONGEST_DELAY = timedelta(minutes=15)
FAILURES_FORGOTTEN = timedelta(hours=1)
PRODUCT_WORDS = ("iplance", "freelance", "фриланс")
RESERVED = frozenset(
    {
        *("admin", "administrator", "moderator", "support", "root", "system", "iplance", "api", "help", "security"),
        *("settings", "owner", "staff", "official", "info", "me", "null", "undefined", "anonymous", "everyone"),
        *("guest", "postmaster", "webmaster", "abuse", "noreply"),
        *("админ", "администратор", "модератор", "поддержка", "система", "помощь", "безопасность", "аноним", "гость"),
    }
)
_USERNAME = re.compile(r"[A-Za-zА-Яа-яЁё0-9_.\-]+")
_LATIN = re.compile(r"[A-Za-z]")
_CYRILLIC = re.compile(r"[А-Яа-яЁё]")
_SEPARATORS = re.compile(r"[_.\-]")
_PHONE_LIKE = re.compile(r"\+?[\d\s().\-]{6,}")
_PHONE_SIGNS = re.compile(r"[\s().+\-]")
_EDGES = re.compile(r"^[\W\d_]+|[\W\d_]+$")


class Refused(Exception):  # noqa: N818 - carried inside the room and turned into one error for all fields
    """One value cannot be accepted."""

    def __init__(self, error: FieldError) -> None:
        super().__init__(error.message)
        self.error = error


@dataclass(frozen=True, slots=True)
class Canonical:
    """A value as shown, and as compared."""

    shown: str
    key: str


def fold(text: str) -> str:
    """Return a text as names are compared: NFKC and without case."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def username(text: str, *, allow_reserved: bool = False) -> Canonical:
    """Read a user name: Latin or Cyrillic letters (not both), digits, `_`, `.` and `-`, with at least one letter.

    Raises:
        Refused: It is no such name.
    """
    shown = unicodedata.normalize("NFKC", text).strip()
    problem: str | None = None
    if not USERNAME_MIN <= len(shown) <= USERNAME_MAX:
        problem = N_("A name has 3 to 32 characters.")
    elif not _USERNAME.fullmatch(shown):
        problem = N_("A name has Latin or Cyrillic letters, digits and the signs _ . - only.")
    elif _LATIN.search(shown) and _CYRILLIC.search(shown):
        problem = N_("Use Latin or Cyrillic letters in a name, not both.")
    elif not (_LATIN.search(shown) or _CYRILLIC.search(shown)):
        problem = N_("A name needs at least one letter.")
    elif not allow_reserved and _SEPARATORS.sub("", fold(shown)) in RESERVED:
        problem = N_("This name is reserved. Choose another one.")
    if problem:
        raise Refused(FieldError(("body", "username"), problem))
    return Canonical(shown, fold(shown))


def email(text: str) -> Canonical:
    """Read an e-mail address; whether it exists is found out by the mail that is sent to it.

    Raises:
        Refused: It is no address.
    """
    try:
        found = validate_email(text.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as wrong:
        problem = N_("This is not an e-mail address. It looks like name@example.com.")
        raise Refused(FieldError(("body", "email"), problem)) from wrong
    shown = found.normalized
    if len(shown) > EMAIL_MAX or "\x00" in shown:
        raise Refused(FieldError(("body", "email"), N_("This e-mail address is too long.")))
    return Canonical(shown, fold(shown))


def looks_like_email(text: str) -> bool:
    """Tell an address from a number in canonical form."""
    return "@" in text


def ascii_email(address: str) -> str:
    """Return the address as clients of plain ASCII can read it: the domain in its ASCII form.

    A local part outside ASCII has no such form; then it is an empty text.
    """
    if address.isascii():
        return address
    found = validate_email(address, check_deliverability=False, test_environment=True)
    return found.ascii_email or ""


def place_of(moment: str, row_id: str) -> tuple[datetime, UUID]:
    """Read a place in a list back from its cursor.

    Raises:
        BadCursorError: It is none.
    """
    try:
        at = datetime.fromisoformat(moment)
        found = UUID(row_id)
    except ValueError as wrong:
        raise BadCursorError from wrong
    if at.tzinfo is None:
        raise BadCursorError
    return at, found


def phone(text: str, region: str) -> str:
    """Read a phone number into E.164. Ranges not yet in the library's tables are accepted if the length fits.

    Raises:
        Refused: It is no number.
    """
    try:
        parsed = phonenumbers.parse(text.strip(), region)
        possible = phonenumbers.is_possible_number(parsed)
    except phonenumbers.NumberParseException:
        parsed, possible = None, False
    if parsed is None or not possible or parsed.extension:
        problem = N_("This is not a phone number. It looks like +7 999 123-45-67.")
        raise Refused(FieldError(("body", "phone"), problem))
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


@dataclass(frozen=True, slots=True)
class Identifier:
    """What somebody typed to say who they are, as it is looked up: exactly one of the three is set."""

    username_key: str | None = None
    email_key: str | None = None
    phone: str | None = None

    @property
    def keys(self) -> dict[str, str | None]:
        """The same as keyword arguments of the look-up."""
        return {"username_key": self.username_key, "email_key": self.email_key, "phone": self.phone}

    @property
    def counted_as(self) -> str:
        """Under what wrong tries are counted while no account is known."""
        return self.username_key or self.email_key or self.phone or ""


def identify(text: str, region: str) -> Identifier:
    """Tell an e-mail address, a phone number and a user name apart; all of them may be typed into one field."""
    typed = text.strip()
    if "@" in typed:
        try:
            return Identifier(email_key=email(typed).key)
        except Refused:
            return Identifier(username_key=fold(typed))
    if _PHONE_LIKE.fullmatch(typed):
        try:
            return Identifier(phone=phone(typed, region))
        except Refused:
            return Identifier(username_key=fold(typed))
    return Identifier(username_key=fold(typed))


def one_identifier_needed() -> FieldError:
    """Say that exactly one of the ways to name oneself is to be filled in."""
    return FieldError(("body", "identifier"), N_("Enter your name, e-mail address or phone number: one of them."))


@lru_cache(maxsize=1)
def common_passwords() -> frozenset[str]:
    """Return the passwords that are tried first, as shipped with the strength meter."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415 - 11 MB, only where a password is chosen

    return frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= 6)  # noqa: PLR2004 - keeps it small


def password_problems(password: str, own_words: Iterable[str], *, shortest: int, loc: str) -> list[FieldError]:
    """Return why a new password is refused; no rule asks for kinds of characters."""
    where = ("body", loc)
    if len(password) < shortest:
        return [FieldError(where, N_("At least {shortest} characters, please; 15 are better."), {"shortest": shortest})]
    if len(password) > PASSWORD_MAX:
        return [FieldError(where, N_("At most {longest} characters, please."), {"longest": PASSWORD_MAX})]
    folded = fold(password)
    if folded in common_passwords():
        return [FieldError(where, N_("This password is among those tried first. Choose another one."))]
    if len(set(folded)) == 1:
        return [FieldError(where, N_("This password is one character again and again. Choose another one."))]
    words = {fold(word) for word in (*PRODUCT_WORDS, *own_words) if len(word) > 2}  # noqa: PLR2004 - not initials
    if {folded, _EDGES.sub("", folded), _PHONE_SIGNS.sub("", folded)} & words:
        return [
            FieldError(where, N_("This password is your name or ours with a little around it. Choose another one."))
        ]
    return []


def breached(loc: str) -> FieldError:
    """Say that a password became public somewhere."""
    return FieldError(("body", loc), N_("This password became public in a leak elsewhere. Choose another one."))


def own_words(username: str, email: str | None, phone: str | None, display_name: str = "") -> list[str]:
    """Return the words about a person that must not be their password."""
    words = [username, *display_name.split(), display_name]
    if email:
        words += [email, email.split("@", maxsplit=1)[0]]
    if phone:
        words += [phone, phone.lstrip("+")]
        if phone.startswith("+7"):
            words += [phone[2:], f"8{phone[2:]}"]  # as people there write it
    return [word for word in words if word]


def delay_after(failures: int) -> timedelta:
    """Return how long an account rests after wrong passwords: nothing at first, then growing, never for good."""
    if failures < FREE_TRIES:
        return timedelta(0)
    return min(timedelta(seconds=5 * 2 ** min(failures - FREE_TRIES, 20)), LONGEST_DELAY)


def device_label(user_agent: str) -> str:
    """Name a device as its owner would: browser and system."""
    browsers = (
        ("YaBrowser", "Yandex"), ("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"),
        ("Chrome", "Chrome"), ("Safari", "Safari"), ("curl", "curl"), ("python", "Python"),
    )  # fmt: skip
    systems = (
        ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
        ("Mac OS X", "macOS"), ("Linux", "Linux"),
    )  # fmt: skip
    browser = next((name for mark, name in browsers if mark in user_agent), "")
    system = next((name for mark, name in systems if mark in user_agent), "")
    return " · ".join(part for part in (browser, system) if part)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an account is trusted: until when it is new, and whether something confirmed reaches its owner."""

    new_until: datetime
    confirmed: bool

    def is_new(self, now: datetime) -> bool:
        """Tell whether the smaller limits hold; without a confirmed contact they hold at any age."""
        return not self.confirmed or now < self.new_until


def standing(created_at: datetime, *, confirmed: bool, days: int) -> Standing:
    """Return the standing of an account."""
    return Standing(created_at + timedelta(days=days), confirmed)
