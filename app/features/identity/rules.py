"""Pure consequences for accounts: what names, addresses, numbers and passwords are, and how long a delay is."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from app.core.errors import FieldError
from app.core.i18n import N_
from app.core.identifiers import Canonical, InvalidValue, fold

USERNAME_MIN, USERNAME_MAX = 3, 32
PASSWORD_MAX = 512
DISPLAY_NAME_MAX = 80
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
_PHONE_SIGNS = re.compile(r"[\s().+\-]")
_EDGES = re.compile(r"^[\W\d_]+|[\W\d_]+$")


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
        raise InvalidValue(FieldError(("body", "username"), problem))
    return Canonical(shown, fold(shown))


@lru_cache(maxsize=1)
def common_passwords() -> frozenset[str]:
    """Return the passwords that are tried first, as shipped with the strength meter."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415 - 11 MB, only where a password is chosen

    return frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= 6)  # noqa: PLR2004 - keeps it small


def password_problems(password: str, personal_words: Iterable[str], *, shortest: int, loc: str) -> list[FieldError]:
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
    words = {fold(word) for word in (*PRODUCT_WORDS, *personal_words) if len(word) > 2}  # noqa: PLR2004 - not initials
    if {folded, _EDGES.sub("", folded), _PHONE_SIGNS.sub("", folded)} & words:
        return [
            FieldError(where, N_("This password is your name or ours with a little around it. Choose another one."))
        ]
    return []


def breached(loc: str) -> FieldError:
    """Say that a password became public somewhere."""
    return FieldError(("body", loc), N_("This password became public in a leak elsewhere. Choose another one."))


def personal_words(username: str, email: str | None, phone: str | None, display_name: str = "") -> list[str]:
    """Return the words about a person that must not be their password."""
    words = [username, *display_name.split(), display_name]
    if email:
        words += [email, email.split("@", maxsplit=1)[0]]
    if phone:
        words += [phone, phone.lstrip("+")]
        if phone.startswith("+7"):
            words += [phone[2:], f"8{phone[2:]}"]  # as people there write it
    return [word for word in words if word]


@dataclass(frozen=True, slots=True)
class AccountTrust:
    """How far an account is trusted: until when it is new, and whether something confirmed reaches its owner."""

    new_until: datetime
    confirmed: bool

    def is_new(self, now: datetime) -> bool:
        """Tell whether the smaller limits hold; without a confirmed contact they hold at any age."""
        return not self.confirmed or now < self.new_until


def account_trust(created_at: datetime, *, confirmed: bool, days: int) -> AccountTrust:
    """Return the standing of an account."""
    return AccountTrust(created_at + timedelta(days=days), confirmed)
