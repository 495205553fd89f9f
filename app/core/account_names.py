"""User names, e-mail addresses and phone numbers: how they are shown, compared, and distinguished."""

import re
import unicodedata
from dataclasses import dataclass

import idna
import phonenumbers
from email_validator import EmailNotValidError, validate_email

from app.core.errors import FieldError
from app.core.i18n import N_
from app.core.text.text_cleaning import INVISIBLE, strip_invisible

EMAIL_MAX = 254
TYPED_MAX = 320
"""Longest text that is read as an identifier; checked before Unicode normalization, which makes 18 of one sign."""
_PHONE_LIKE = re.compile(r"\+?[\d\s().\-]{6,}")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−﹘﹣－", "-"))
_REPEATED_DIGIT = re.compile(r"(\d)\1+")
LOOK_ALIKES = {
    # Capital I looks like a small L. The letters of one name have one case only for who reads it, so both are here.
    **{letter: letter.lower() for letter in "ABCDEFGHJKLMNOPQRSTUVWXYZ"},
    **dict(zip("I10", "llo", strict=True)),
    **dict(zip("АВЕКМНОРСТУХІЈЅҮҺӀԚԜЁЇЬГП", "abekmhopctyxljsyhlqwëïbrn", strict=True)),
    **dict(zip("авекмнорстухіјѕүһӏԛԝԁёїьгпзб", "abekmhopctyxijsyhlqwdëïbrn36", strict=True)),
    **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "abezhlkmnoptyx", strict=True)),
    **dict(zip("αειικνορτυχγηωάέίόύ", "aeiikvoptuxynwáéíóú", strict=True)),
    **dict(zip("ıłøđħ", "ilodh", strict=True)),
}
"""Characters of user names that look like another one, and that one; PostgreSQL's `translate` is given the same."""
_LOOK_ALIKES = str.maketrans(LOOK_ALIKES)


class InvalidValue(Exception):  # noqa: N818 - its caller turns it into one error for all fields
    """A value is invalid."""

    def __init__(self, error: FieldError) -> None:
        super().__init__(error.message)
        self.error = error


@dataclass(frozen=True, slots=True)
class Canonical:
    """A value in its displayed and in its compared form."""

    shown: str
    key: str


def fold(text: str) -> str:
    """Return the compared form of a name: NFKC and case-folded."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def username_key(typed: str) -> str:
    """Return the compared form of a user name to look up; an empty one, which nobody has, where it is too long."""
    return fold(typed) if len(typed) <= TYPED_MAX else ""


def look_alike_key(username: str) -> str:
    """Return a text that is equal for user names in different letters that look the same, such as `ace` and `асе`."""
    return username.translate(_LOOK_ALIKES)


def public_name(display_name: str, username: str) -> str:
    """Return the name that others see: the user name always stands beside a chosen one, which proves nothing."""
    return f"{display_name} (@{username})" if display_name and display_name != username else username


def clean_identifier(text: str) -> str:
    """Return an identifier as it was meant: without invisible characters around it, and with plain hyphens.

    A text that is longer than every identifier, as typed or normalized, becomes an empty one.
    """
    normalized = unicodedata.normalize("NFKC", text) if len(text) <= TYPED_MAX else ""
    return strip_invisible(normalized).translate(_DASHES) if len(normalized) <= TYPED_MAX else ""


RESERVED_DOMAINS = frozenset({"test", "invalid", "localhost", "local", "example", "onion", "arpa"})
"""Last labels of domains that nobody on the internet can have (RFC 2606, RFC 6761, RFC 7686)."""


def email(text: str, *, allow_reserved: bool = True) -> Canonical:
    """Parse an e-mail address; only a confirmation e-mail can show whether it exists.

    Args:
        text: The address as typed.
        allow_reserved: Whether a domain is taken that cannot receive mail from the internet, for a trial. Where an
            address is looked up, it is: it may have been stored before.

    Raises:
        InvalidValue: It is not an address, or cannot receive mail.
    """
    typed = clean_identifier(text)
    try:
        shown = _parsed_email(typed)
    except EmailNotValidError as wrong:
        problem = N_("This is not an e-mail address. It looks like name@example.com.")
        raise InvalidValue(FieldError(("body", "email"), problem)) from wrong
    if len(shown) > EMAIL_MAX or "\x00" in shown:
        raise InvalidValue(FieldError(("body", "email"), N_("This e-mail address is too long.")))
    if not allow_reserved and _last_label(shown) in RESERVED_DOMAINS:
        problem = N_("No mail can reach an address that ends in {domain}. Use an address that you can read.")
        raise InvalidValue(FieldError(("body", "email"), problem, {"domain": _last_label(shown)}))
    return Canonical(shown, fold(shown))


def _parsed_email(typed: str) -> str:
    """Return the normalized form of an address.

    The library takes `test` alone of the reserved names, so that one stands for the others while it looks.
    """
    reserved = _last_label(typed)
    if reserved not in RESERVED_DOMAINS:
        return validate_email(typed, check_deliverability=False, test_environment=True).normalized
    probe = typed[: -len(reserved)] + "test"
    found = validate_email(probe, check_deliverability=False, test_environment=True).normalized
    return found.removesuffix("test") + reserved


def _last_label(address: str) -> str:
    return address.rpartition("@")[2].rpartition(".")[2].casefold()


def has_unicode_mailbox(address: str) -> bool:
    """Tell whether the part of an address before the @ is outside ASCII: not every mail server takes it."""
    return not address.rpartition("@")[0].isascii()


def looks_like_email(text: str) -> bool:
    """Tell whether a canonical value is an e-mail address and not a phone number."""
    return "@" in text


def ascii_email(address: str) -> str:
    """Return the address with its domain in ASCII form, for clients limited to ASCII.

    A local part outside ASCII has no such form; then the result is an empty string.
    """
    local, _at, domain = address.rpartition("@")
    if address.isascii():
        return address
    return f"{local}@{idna.encode(domain, uts46=True).decode()}" if local.isascii() else ""


def phone(text: str, region: str) -> str:
    """Parse a phone number into E.164.

    Ranges not yet in the library's tables are accepted if the number could be one of its country: of a possible length
    and beginning, and not one digit again and again.

    Raises:
        Refused: It is not a number.
    """
    try:
        parsed = phonenumbers.parse(clean_identifier(text), region)
    except phonenumbers.NumberParseException:
        parsed = None
    if parsed is None or parsed.extension or not _is_possible(parsed):
        problem = N_("This is not a phone number. It looks like +7 999 123-45-67.")
        raise InvalidValue(FieldError(("body", "phone"), problem))
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _is_possible(number: phonenumbers.PhoneNumber) -> bool:
    if not phonenumbers.is_possible_number(number):
        return False
    digits = phonenumbers.national_significant_number(number)
    if _REPEATED_DIGIT.fullmatch(digits):
        return False
    patterns = (
        metadata.general_desc.national_number_pattern
        for region in phonenumbers.region_codes_for_country_code(number.country_code or 0)
        if (metadata := phonenumbers.PhoneMetadata.metadata_for_region(region, None)) and metadata.general_desc
    )
    return any(pattern and re.fullmatch(pattern, digits) for pattern in patterns)


@dataclass(frozen=True, slots=True)
class Identifier:
    """A sign-in name in the form for the look-up: exactly one of the three fields is set."""

    username_key: str | None = None
    email_key: str | None = None
    phone: str | None = None

    @property
    def keys(self) -> dict[str, str | None]:
        """Return the fields as keyword arguments of the look-up."""
        return {"username_key": self.username_key, "email_key": self.email_key, "phone": self.phone}

    @property
    def throttle_key(self) -> str:
        """Return the key for counting failed attempts while no account is known."""
        return self.username_key or self.email_key or self.phone or ""


def identify(text: str, region: str) -> Identifier:
    """Detect whether a text is an e-mail address, a phone number or a user name; one form field accepts all of them.

    What registration takes is found here as well: invisible characters, long dashes and a leading @ do not matter.
    """
    typed = INVISIBLE.sub("", clean_identifier(text))
    name = fold(typed.removeprefix("@"))
    if "@" in typed[1:]:
        try:
            return Identifier(email_key=email(typed).key)
        except InvalidValue:
            return Identifier(username_key=name)
    if _PHONE_LIKE.fullmatch(typed):
        try:
            return Identifier(phone=phone(typed, region))
        except InvalidValue:
            return Identifier(username_key=name)
    return Identifier(username_key=name)
