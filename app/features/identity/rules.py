"""Rules for user names, passwords and the trust in an account; pure functions."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from app.core.account_names import Canonical, InvalidValue, clean_identifier, fold, look_alike_key
from app.core.errors import FieldError
from app.core.i18n import N_
from app.core.security.passwords import nfc
from app.core.text.links import has_link
from app.core.text.text_cleaning import INVISIBLE

USERNAME_MIN, USERNAME_MAX = 3, 32
PASSWORD_MAX = 512
DISPLAY_NAME_MAX = 80
PRODUCT_WORDS = ("iplance", "freelance", "фриланс")
RESERVED = frozenset(
    {
        *("admin", "administrator", "moderator", "support", "root", "system", "iplance", "api", "help", "security"),
        *("settings", "owner", "staff", "official", "info", "me", "null", "undefined", "anonymous", "everyone"),
        *("guest", "postmaster", "webmaster", "abuse", "noreply"),
        *("team", "mod", "mods", "moder", "billing", "payments"),
        *("админ", "администратор", "модератор", "поддержка", "система", "помощь", "безопасность", "аноним", "гость"),
        *("команда", "модер", "модеры", "служба", "биллинг", "платежи", "оплата", "саппорт"),
        *("komanda", "sluzhba", "oplata", "platezhi", "sapport", "pomosh", "pomoshch", "sistema", "anonim"),
    }
)
OFFICIAL_WORDS = (
    *("iplance", "admin", "moderat", "support", "official", "security", "postmaster", "webmaster", "noreply"),
    *("superadmin", "helpdesk", "techsupport", "verified"),
    *("админ", "модерат", "модерац", "поддержк", "техподдержк", "саппорт", "официальн", "безопасност"),
    *("суперадмин", "адмін", "верифиц", "podderzhk", "podderjk", "poddergk", "tehpodderzh", "texpodderzh"),
    *("tekhpodderzh", "bezopasnost", "moderac", "ofitsialn", "oficialn", "verifits", "verific"),
)
"""Beginnings of words by which somebody would pass for the site's staff."""
OFFICIAL_PAIRS = (
    (
        ("команда", "служба", "отдел", "сотрудник", "сотрудники", "представитель", "оператор", "менеджер"),
        ("сайта", "биржи", "площадки", "сервиса", "платформы", "портала", "заботы", "платежей", "оплаты", "арбитража"),
    ),
    (
        ("site", "platform", "marketplace", "customer", "client", "payment", "payments", "billing", "care", "trust"),
        ("team", "staff", "care", "service", "department", "safety"),
    ),
)
"""Words that name the site's staff where one of the second stands beside one of the first."""
ALPHABETS = {
    "LATIN": "A-Za-zÀ-ÖØ-öø-ķĹ-ňŊ-žȘ-țẞ",
    "CYRILLIC": "Ѐ-џҊ-ԯ",
    "GREEK": "ΆΈ-ΊΌΎ-ΡΣ-ώ",
}
"""Letters of user names: of the languages of the currencies that are offered, and of their countries' peoples."""
_USERNAME = re.compile(rf"[{''.join(ALPHABETS.values())}0-9_.\-]+")
_ALPHABETS = tuple(re.compile(f"[{letters}]") for letters in ALPHABETS.values())
EAST_ASIAN = ("HANGUL", "CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA")
SCRIPTS = frozenset(
    {*ALPHABETS, "ARMENIAN", "GEORGIAN", "HEBREW", "ARABIC", "DEVANAGARI", "BENGALI", "TAMIL", "TELUGU", "THAI"}
) | frozenset(EAST_ASIAN)
"""Scripts of the letters of display names, as the first words of the names of their characters."""
_NAME_SIGNS = frozenset(" '’ʼ.,_-‐‑–—&()«»“”„\"!+#№·")
_NAME_DIGITS = 6
RESERVED_TEXT = N_("This name is reserved. Choose another one.")
_MAX_MARKS = 2
_ADDRESS = re.compile(r"@|://|\w\w\.\w\w|\w\.[^\W\d_](?<=[^A-ZА-ЯЁ])")
_MESSENGER = re.compile(
    r"(?<![^\W_])(?:(?:tg|тг)[\W_]+[a-z][A-Za-z0-9_]{3,}"
    r"|(?:tg|тг|telegram|телеграм+|телега|whats ?app|ват?с+ап+|вотс+ап|viber|вайбер|skype|скайп|discord|дискорд"
    r"|insta(?:gram)?|инста(?:грам)?|vk|вк)[\W_]+(?=[a-z_]*[0-9_])(?=\w*[a-z])[a-z0-9_]{5,})",
    re.IGNORECASE,
)
"""A messenger with what may be a name in it; words of a trade, such as those of "Telegram bots", are none."""
_PHONETIC = re.compile(
    r"[\u0250-\u02af\u1d00-\u1dbf\ua720-\ua7ff\uab30-\uab6f\U00010780-\U000107bf\U0001df00-\U0001dfff]"
)
"""Small capitals and other letters of phonetic scripts, which look like letters of names."""
_OF_LANGUAGES = frozenset("ɓɔɖəɛɗɣɨɩɲʃʉʊʋʒʔ")
_WORDS = re.compile(r"[^\W_]+")
_SPELLED_OUT = re.compile(r"(?<![^\W_])[^\W_](?:[\W_]+[^\W_](?![^\W_]))+")
_CAPITAL_INSIDE = re.compile(r"(?<=[a-zа-яё])(?=[A-ZА-ЯЁ])")
_SEEN_APART = re.compile(r"[\W_]+")
_DIGITS = "0123456789"
_LOOK_LIKE_ONE = (("rn", "m"), ("vv", "w"), ("cl", "d"))
"""Letters that look like one other side by side; compared in reserved words only, which hold none of them."""
_ONE_STROKE = str.maketrans("i!|", "lll")
_PHONE_SIGNS = re.compile(r"[\s().+\-]")
_EDGES = re.compile(r"^[\W\d_]+|[\W\d_]+$")


def username(text: str, *, allow_reserved: bool = False) -> Canonical:
    """Parse a user name: letters of one alphabet, digits, `_`, `.` and `-`, with at least one letter.

    Raises:
        InvalidValue: The text is not a valid or permitted user name.
    """
    shown = clean_identifier(text).removeprefix("@")
    problem = _username_problem(shown)
    if problem is None and not allow_reserved and is_reserved(shown):
        problem = RESERVED_TEXT
    if problem:
        raise InvalidValue(FieldError(("body", "username"), problem))
    return Canonical(shown, fold(shown))


def _username_problem(shown: str) -> str | None:
    alphabets = sum(1 for letters in _ALPHABETS if letters.search(shown))
    if not USERNAME_MIN <= len(shown) <= USERNAME_MAX:
        return N_("A name has 3 to 32 characters.")
    if not _USERNAME.fullmatch(shown):
        return N_("A name has Latin, Cyrillic or Greek letters, digits and the signs _ . - only.")
    if alphabets > 1:
        return N_("Use letters of one alphabet in a name, such as Latin or Cyrillic, not of both.")
    if alphabets == 0:
        return N_("A name needs at least one letter.")
    return N_("This name looks like the address of a page. Choose another one.") if has_link(shown) else None


def display_name(text: str) -> str:
    """Return a display name as it is stored; an empty one means that the user name is shown.

    Raises:
        InvalidValue: It could pass for somebody else or for an address, or it is not a name.
    """
    shown = " ".join(INVISIBLE.sub("", unicodedata.normalize("NFC", text)).split())
    problem = _display_name_problem(shown) if text.split() else None
    if problem:
        raise InvalidValue(FieldError(("body", "display_name"), problem))
    return shown


def _display_name_problem(shown: str) -> str | None:
    if _is_reachable_by(shown):
        return N_("Leave addresses and phone numbers out of the name: others see it in mails and lists.")
    if not _is_written_as_a_name(shown):
        return N_("A name has letters, digits, blanks and the signs of names such as . - ’ and & only.")
    if not any(character.isalpha() for character in shown):
        return N_("A name needs at least one letter.")
    if any(len(_scripts(word)) > 1 for word in _WORDS.findall(shown)):
        return N_("Use letters of one alphabet in each word of a name.")
    return RESERVED_TEXT if is_reserved(shown) else None


def _is_reachable_by(shown: str) -> bool:
    digits = sum(character.isdigit() for character in shown)
    return digits > _NAME_DIGITS or has_link(shown) or any(form.search(shown) for form in (_ADDRESS, _MESSENGER))


def _is_written_as_a_name(shown: str) -> bool:
    signs = all(character in _NAME_SIGNS or _is_of_a_word(character) for character in shown)
    return signs and not _many_marks(shown)


def _is_of_a_word(character: str) -> bool:
    category = unicodedata.category(character)
    if category[0] == "M" or category == "Nd":
        return True
    phonetic = _PHONETIC.match(character) and character not in _OF_LANGUAGES
    return category[0] == "L" and not phonetic and bool(_scripts(character))


def _scripts(word: str) -> set[str]:
    """Return the scripts of the letters of a word; those that are written together in East Asia count as one."""
    names = (unicodedata.name(character, "") for character in word if character.isalpha())
    found = {name.split(" ", 1)[0] for name in names} & SCRIPTS
    return {"CJK"} if found and found <= set(EAST_ASIAN) else found


def _many_marks(text: str) -> bool:
    """Tell whether a letter has more marks above and below it than any language writes."""
    run = 0
    for character in text:
        run = run + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if run > _MAX_MARKS:
            return True
    return False


def usernames_like(display_name: str) -> list[str]:
    """Return the user names that a display name would be read as, with each sign that may stand for a blank."""
    words = [word for word in _SEEN_APART.split(display_name) if word]
    return [display_name, *(sign.join(words) for sign in ("", "_", ".", "-"))]


def is_reserved(name: str) -> bool:
    """Tell whether a name is reserved, or would pass for the site's staff, also in letters that look like others."""
    words = _WORDS.findall(_CAPITAL_INSIDE.sub(" ", name))
    spaced = [_SEEN_APART.sub("", run) for run in _SPELLED_OUT.findall(name)]
    seen = [*words, *_WORDS.findall(name), *spaced]
    keys = [_official_key(word) for word in (*seen, *(word.lstrip(_DIGITS) for word in seen))]
    whole = _official_key(_SEEN_APART.sub("", name))
    return (
        whole in _reserved_keys()
        or _official_key(PRODUCT_WORDS[0]) in whole
        or any(key.startswith(_official_keys()) for key in keys)
        or _names_staff([_official_key(word) for word in _WORDS.findall(name)])
    )


def _names_staff(keys: list[str]) -> bool:
    return any(one in first and other in second for one, other in pairwise(keys) for first, second in _official_pairs())


@lru_cache(maxsize=1)
def _reserved_keys() -> frozenset[str]:
    return frozenset(_official_key(word) for word in RESERVED)


@lru_cache(maxsize=1)
def _official_pairs() -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    return tuple(
        (frozenset(map(_official_key, first)), frozenset(map(_official_key, second)))
        for first, second in OFFICIAL_PAIRS
    )


@lru_cache(maxsize=1)
def _official_keys() -> tuple[str, ...]:
    return tuple(_official_key(word) for word in OFFICIAL_WORDS)


def _official_key(word: str) -> str:
    """Return the form in which reserved words are compared: without marks, and one letter for those that look alike."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
    key = look_alike_key(fold(look_alike_key(plain)))
    for several, one in _LOOK_LIKE_ONE:
        key = key.replace(several, one)
    return key.translate(_ONE_STROKE)


@lru_cache(maxsize=1)
def common_passwords() -> frozenset[str]:
    """Return the common passwords of the zxcvbn word list, without the shortest ones."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415 - 11 MB, loaded only where a password is chosen

    return frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= 6)  # noqa: PLR2004 - keeps the set small


def password_problems(password: str, personal_words: Iterable[str], *, shortest: int, loc: str) -> list[FieldError]:
    """Return the reasons for refusing a new password. No kinds of characters are required."""
    where = ("body", loc)
    password = nfc(password)
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
