"""Rules for user names, passwords and the trust in an account; pure functions."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from app.core.account_names import Canonical, InvalidValue, fold
from app.core.errors import FieldError
from app.core.i18n import N_

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
    """Parse a user name: Latin or Cyrillic letters (not both), digits, `_`, `.` and `-`, with at least one letter.

    Raises:
        InvalidValue: The text is not a valid or permitted user name.
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
    """Return the common passwords of the zxcvbn word list, without the shortest ones."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415 - 11 MB, loaded only where a password is chosen

    return frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= 6)  # noqa: PLR2004 - keeps the set small


def password_problems(password: str, personal_words: Iterable[str], *, shortest: int, loc: str) -> list[FieldError]:
    """Return the reasons for refusing a new password. No kinds of characters are required."""
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
    words = {fold(word) for word in (*PRODUCT_WORDS, *personal_words) if len(word) > 2}  # noqa: PLR2004 - skips initials
    if {folded, _EDGES.sub("", folded), _PHONE_SIGNS.sub("", folded)} & words:
        return [
            FieldError(where, N_("This password is your name or ours with a little around it. Choose another one."))
        ]
    return []


def breached(loc: str) -> FieldError:
    """Return the error for a password known from a data breach."""
    return FieldError(("body", loc), N_("This password became public in a leak elsewhere. Choose another one."))


def personal_words(username: str, email: str | None, phone: str | None, display_name: str = "") -> list[str]:
    """Return words from the user's own data that must not be the password."""
    words = [username, *display_name.split(), display_name]
    if email:
        words += [email, email.split("@", maxsplit=1)[0]]
    if phone:
        words += [phone, phone.lstrip("+")]
        if phone.startswith("+7"):
            words += [phone[2:], f"8{phone[2:]}"]  # the Russian national format
    return [word for word in words if word]


@dataclass(frozen=True, slots=True)
class AccountTrust:
    """The trust in an account: when it stops being new, and whether it has a confirmed contact."""

    new_until: datetime
    confirmed: bool

    def is_new(self, now: datetime) -> bool:
        """Tell whether the limits of new accounts apply; without a confirmed contact they apply at any age."""
        return not self.confirmed or now < self.new_until


def account_trust(created_at: datetime, *, confirmed: bool, days: int) -> AccountTrust:
    """Return the trust in an account that is new for `days` days."""
    return AccountTrust(created_at + timedelta(days=days), confirmed)
