"""Amounts as people type them: separators, blanks and words such as “тыс.”, converted to minor units."""

import re
import unicodedata
from dataclasses import dataclass

from app.core.errors import FieldError
from app.core.i18n import N_

MAX_LENGTH = 60
GROUP = 3
"""Digits of a group: one separator before exactly so many digits separates thousands."""
AMOUNT_TEXT = N_("Write an amount such as 15000 or 99.90.")
TOO_LONG = N_("This amount is too long. Write it in digits, such as 15000 or 99.90.")
TWO_READINGS = N_("The amount “{typed}” can be read in two ways. Write {first} or {second}.")
NEGATIVE = N_("An amount cannot be negative. Write it without a minus.")
BETWEEN = N_("“{word}” between the digits of the amount is not understood. Write one number, such as 15000 or 99.90.")
RANGE = N_("Write one amount here, not a range.")
EXPONENT = N_("Write the amount in full, such as 100000, not in the form 1e5.")
UNDERSCORE = N_("Write the amount without underscores, such as 15000 or 15 000.")
FOREIGN_DIGIT = N_("Write the amount in the digits 0 to 9: “{sign}” is not understood.")
GROUPS = N_("The digits of the amount “{typed}” are not grouped in threes. Write it without separators, such as 15000.")
NO_FRACTION = N_("Write a whole amount: this currency has no smaller unit.")
TOO_PRECISE = N_("The amount “{typed}” has too many digits after the separator: at most {digits}, such as 99.90.")
_APOSTROPHES = frozenset("'’‘ʼ′`´")
_DASHES = "-‐‑‒–—−"
_EXPONENT = re.compile(r"[0-9] ?[eе] ?[+-]?[0-9]")
_RANGE = re.compile(rf"[0-9].*[{_DASHES}].*[0-9]")
# A dot after a letter ends a word: “р.50” is 50 roubles and “.50” half a unit.
_AMOUNT = re.compile(
    r"(?P<before>[^0-9]*?)(?P<number>(?:(?<![^\W\d_])[.,])?[0-9](?:[0-9.,' ]*[0-9])?)(?P<after>[^0-9]*)"
)
_WORD = re.compile(r"us\$|т\.? ?р\.?(?!\w)|[^\W\d_]+\.?|[₽$€₸]\.?|\S")
_BETWEEN = re.compile(r"[0-9][.,' ]*([^\W\d_]+|[^0-9.,' ])[^0-9]*[0-9]")
_THOUSAND_ROUBLES = re.compile(r"т\.? ?р\.?")
_MULTIPLIERS: dict[str, int] = {
    **dict.fromkeys(("к", "k", "тыс", "тыщ", "тысяча", "тысячи", "тысяч", "thousand", "мың", "tsd", "tausend"), 3),
    **dict.fromkeys(("млн", "миллион", "миллиона", "миллионов", "mln", "mio", "million", "millionen"), 6),
    **dict.fromkeys(("млрд", "миллиард", "миллиарда", "миллиардов", "mrd", "bn", "billion"), 9),
}
"""Words after a number, and the power of ten each stands for."""


class AmountError(ValueError):
    """A text is not an amount; `params` fill the placeholders of the message."""

    def __init__(self, message: str, **params: object) -> None:
        super().__init__(message)
        self.message = message
        self.params = params

    def at(self, *loc: str | int) -> FieldError:
        """Return the error of one field."""
        return FieldError(loc, self.message, self.params)


@dataclass(frozen=True, slots=True)
class TypedAmount:
    """An amount in minor units, and the words and signs around the number, such as “руб.” or “$”."""

    minor: int
    words: tuple[str, ...]


def read_amount(text: str, digits: int) -> TypedAmount:
    """Parse an amount in whole units; `digits` is the number of decimals of the currency.

    Raises:
        AmountError: It is not an amount, or it can be read in two ways.
    """
    if len(text) > MAX_LENGTH:
        raise AmountError(TOO_LONG)
    plain = _plain(text)
    found = _AMOUNT.fullmatch(plain)
    _refuse_by_name(plain)
    if found is None:
        between = _BETWEEN.search(plain)
        raise AmountError(BETWEEN, word=between[1]) if between else AmountError(AMOUNT_TEXT)
    before, after = _WORD.findall(found["before"]), _WORD.findall(found["after"])
    power = 0
    if after and _THOUSAND_ROUBLES.fullmatch(after[0]):
        power, after = GROUP, ["р", *after[1:]]
    elif after and after[0].rstrip(".") in _MULTIPLIERS:
        power, after = _MULTIPLIERS[after[0].rstrip(".")], after[1:]
    minor = _Number(found["number"], digits, power).minor()
    return TypedAmount(minor, tuple(word.rstrip(".") or word for word in (*before, *after)))


def write_amount(minor: int, digits: int, *, grouped: bool = False) -> str:
    """Format minor units so that `read_amount` reads the same amount; in groups, all decimals are written."""
    whole, part = divmod(minor, 10**digits)
    decimals = f"{part:0{digits}}" if digits and (part or grouped) else ""
    if not grouped:
        decimals = decimals.rstrip("0")
    written = f"{whole:,}".replace(",", "\u00a0") if grouped else str(whole)
    if len(decimals) == GROUP and 0 < whole < 10**GROUP:
        written = f"0{written}"  # Otherwise the three decimals would be read as thousands.
    return f"{written}.{decimals}" if decimals else written


def _plain(text: str) -> str:
    """Return the text in small letters, with one kind of blank and apostrophe and without invisible marks."""
    signs = (
        " " if sign.isspace() else "'" if sign in _APOSTROPHES else sign
        for sign in text
        if unicodedata.category(sign) != "Cf"
    )
    return " ".join("".join(signs).casefold().split())


def _refuse_by_name(plain: str) -> None:
    """Raise the error that names what is wrong, for the usual mistakes.

    Raises:
        AmountError: The text contains one of them.
    """
    foreign = next((sign for sign in plain if sign.isnumeric() and not sign.isascii()), None)
    if foreign:
        raise AmountError(FOREIGN_DIGIT, sign=foreign)
    if "_" in plain:
        raise AmountError(UNDERSCORE)
    if _EXPONENT.search(plain):
        raise AmountError(EXPONENT)
    if _RANGE.search(plain):
        raise AmountError(RANGE)
    if plain.startswith("(") or re.match(rf"[^0-9]*[{_DASHES}] ?[^0-9]*[0-9]", plain):
        raise AmountError(NEGATIVE)


class _Number:
    """Digits with separators, and what they can mean."""

    def __init__(self, typed: str, digits: int, power: int) -> None:
        self.typed = typed
        self.digits = digits
        self.precision = digits + power
        self.unit = int("1" + "0" * self.precision)
        self.parts = re.split(r"[., ']", typed)
        self.marks = re.findall(r"[., ']", typed)

    def minor(self) -> int:
        """Return the amount in minor units.

        Raises:
            AmountError: The digits are grouped wrongly, are too precise, or can be read in two ways.
        """
        whole, exact = self._whole(), self._exact()
        if whole is not None and exact is not None:
            first, second = (write_amount(reading, self.digits, grouped=True) for reading in (whole, exact))
            raise AmountError(TWO_READINGS, typed=self.typed, first=first, second=second)
        if whole is not None:
            return whole
        if exact is not None:
            return exact
        raise self._refusal()

    def _whole(self) -> int | None:
        """Return the amount if every separator separates thousands."""
        # The comma of “1 500,000” may separate thousands too where three decimals are too many.
        mixed = len(self.marks) > 1 and self.precision < GROUP and self._exact() is not None
        one_kind = len(set(self.marks)) <= 1
        if self.marks and not ((one_kind or mixed) and self._grouped(self.parts)):
            return None
        return int("".join(self.parts)) * self.unit

    def _exact(self) -> int | None:
        """Return the amount if the last separator is the decimal one and the decimals are not too many."""
        if not self._is_exact():
            return None
        decimals = self.parts[-1]
        if len(self.marks) > 1 and len(decimals) == GROUP:
            decimals = decimals[: self.precision] + decimals[self.precision :].rstrip("0")
        if len(decimals) > self.precision:
            return None
        whole = int("".join(self.parts[:-1]) or "0")
        return whole * self.unit + int(decimals.ljust(self.precision, "0") or "0")

    def _is_exact(self) -> bool:
        """Tell whether the last separator can be the decimal one."""
        if not self.marks or self.marks[-1] not in ".," or self.marks[-1] in self.marks[:-1] or not self.parts[-1]:
            return False
        return len(self.marks) == 1 or (len(set(self.marks[:-1])) == 1 and self._grouped(self.parts[:-1]))

    def _grouped(self, parts: list[str]) -> bool:
        """Tell whether these are groups of thousands: one to three digits, then three each."""
        return (
            0 < len(parts[0]) <= GROUP
            and not parts[0].startswith("0")
            and all(len(part) == GROUP for part in parts[1:])
        )

    def _refusal(self) -> AmountError:
        if not self._is_exact():
            return AmountError(GROUPS, typed=self.typed)
        return (
            AmountError(TOO_PRECISE, typed=self.typed, digits=self.digits) if self.digits else AmountError(NO_FRACTION)
        )
