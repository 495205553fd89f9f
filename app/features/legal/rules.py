"""The data packs of legal statuses, and the checks of what is entered."""

import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from app.core.config import ROOT
from app.core.errors import FieldError
from app.core.i18n import N_, _, current_locale
from app.features.legal.schemas import (
    FieldRule,
    FormField,
    KindForm,
    LegalDetails,
    LegalForms,
    LegalStatusPut,
    Pack,
    Texts,
)
from app.models import LegalKind

PACKS = ROOT / "app" / "data" / "legal"
MISSING = N_("Fill this in.")
MISSING_LIKE = N_("Fill this in; it looks like {example}.")
INCOMPLETE = N_("Enter it in full; it looks like {example}.")
WRONG_DIGIT = N_("A digit is wrong: the check digit does not match. Compare it with the document.")
WRONG_ACCOUNT = N_("The account does not belong to this bank. Compare the account and the code of the bank.")
UNKNOWN_NUMBER = N_("There is no such number. Compare it with the document; it looks like {example}.")
OTHER_COUNTRY = N_("The number belongs to another country: here it begins with {prefix}.")
OTHER_BANK_DETAILS = N_("Fill this in too, or leave all bank details empty.")
NO_SUCH_FIELD = N_("There is no such field for this kind of legal status.")
NO_SUCH_KIND = N_("This kind of legal status does not exist in this country. Choose another one.")
_VAT_PREFIXES = {"GR": "EL"}
"""Where VAT numbers do not begin with the country code."""
_BANK_DETAILS = frozenset({"bank_account", "bank_code", "bank_name"})
_NAME = "legal_name"
_CENTRAL_BANK = frozenset({"000", "001", "002"})
_ACCOUNT_WEIGHTS = (7, 1, 3)


class WrongValueError(ValueError):
    """A value does not have the form of its field; the text says what to do."""

    def __init__(self, message: str, **params: object) -> None:
        super().__init__(message)
        self.message, self.params = message, params


def read_packs(folder: Path) -> tuple[Pack, ...]:
    """Read the packs of a folder.

    Raises:
        ValueError: A file is not a pack, names a field or a check that does not exist, or two claim one country.
    """
    packs = tuple(_read_pack(path) for path in sorted(folder.glob("*.toml")))
    claimed = [country for pack in packs for country in pack.countries or [""]]
    if len(claimed) != len(set(claimed)):
        raise ValueError(f"{folder} has two packs for one country")
    return packs


def _read_pack(path: Path) -> Pack:
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    for identifier, field in content.get("fields", {}).items():
        field.setdefault("name", identifier)
    pack = Pack.model_validate(content)
    named = {key for kind in pack.kinds.values() for key in (*kind.required, *kind.optional)}
    if named - pack.fields.keys():
        raise ValueError(f"{path} does not describe {sorted(named - pack.fields.keys())}")
    for field in pack.fields.values():
        if field.check and field.check not in OWN_CHECKS:
            _library_check(field.check)
    return pack


@cache
def packs() -> tuple[Pack, ...]:
    """Return the packs of the application."""
    return read_packs(PACKS)


def pack_of(country: str, known: tuple[Pack, ...] | None = None) -> Pack:
    """Return the pack of a country."""
    offered = packs() if known is None else known
    general = next(pack for pack in offered if not pack.countries)
    return next((pack for pack in offered if country in pack.countries), general)


def forms_of(country: str) -> LegalForms:
    """Return the fields of each kind in a country, in the reader's language."""
    pack = pack_of(country)
    kinds = [
        KindForm(
            kind=kind,
            label=_text(rule.label),
            fields=[_form_field(pack.fields[key], required=key in rule.required) for key in _keys(pack, kind)],
        )
        for kind, rule in pack.kinds.items()
    ]
    return LegalForms(country=country, pack=pack.code, kinds=kinds)


def shown_details(details: LegalDetails) -> list[tuple[str, str]]:
    """Return the labels and values of details but the name, in the reader's language and the order of the form."""
    form = next((form for form in forms_of(details.country).kinds if form.kind is details.kind), None)
    if form is None:
        return []
    labels = {field.name: field.label for field in form.fields}
    return [(_("Legal status"), form.label)] + [
        (label, details.fields[name]) for name, label in labels.items() if name in details.fields and name != _NAME
    ]


def check_details(
    command: LegalStatusPut, known: tuple[Pack, ...] | None = None
) -> tuple[LegalDetails, list[FieldError]]:
    """Return the details with normalized numbers, and the errors of the fields."""
    pack = pack_of(command.country, known)
    given = {name: value for name, value in command.fields.items() if value}
    details = LegalDetails(kind=command.kind, country=command.country, fields={})
    if command.kind not in pack.kinds:
        return details, [FieldError(("body", "kind"), NO_SUCH_KIND)]
    rules = {pack.fields[key].name: (pack.fields[key], key) for key in _keys(pack, command.kind)}
    errors = [_error(name, NO_SUCH_FIELD) for name in given if name not in rules]
    for name, (rule, key) in rules.items():
        try:
            if name in given:
                details.fields[name] = check_value(rule, command.country, given[name], given)
            else:
                _refuse_missing(rule, given, required=key in pack.kinds[command.kind].required)
        except WrongValueError as wrong:
            errors.append(_error(name, wrong.message, wrong.params))
    return details, errors


def _refuse_missing(rule: FieldRule, given: Mapping[str, str], *, required: bool) -> None:
    """Refuse that a field is empty: it is required, or only a part of the bank details was given."""
    if required:
        raise WrongValueError(MISSING_LIKE if rule.example else MISSING, example=rule.example)
    if rule.name in _BANK_DETAILS and rule.check != "bic" and _BANK_DETAILS & given.keys():
        raise WrongValueError(OTHER_BANK_DETAILS)


def check_value(rule: FieldRule, country: str, value: str, others: Mapping[str, str]) -> str:
    """Return a value in its normal form.

    Args:
        rule: The rule of its field.
        country: The country of the form.
        value: What was entered, without blanks at its ends.
        others: All values of the form by name.

    Raises:
        WrongValueError: It does not have the form of its field.
    """
    if not (rule.pattern or rule.check):
        return value
    plain = "".join(value.split()).upper()
    plain = plain.replace("-", "") if rule.digits else plain
    if not _has_form(rule, plain):
        raise WrongValueError(INCOMPLETE, example=rule.example)
    prefix = _VAT_PREFIXES.get(country, country)
    if rule.same_country and not plain.startswith(prefix):
        raise WrongValueError(OTHER_COUNTRY, prefix=prefix)
    if rule.check in OWN_CHECKS:
        OWN_CHECKS[rule.check](plain, others)
        return plain
    return _checked_by_library(rule, plain) if rule.check else plain


def _has_form(rule: FieldRule, plain: str) -> bool:
    if rule.digits and not (plain.isascii() and plain.isdigit()):
        return False
    if rule.length is not None and len(plain) != rule.length:
        return False
    return not rule.pattern or re.fullmatch(rule.pattern, plain, re.ASCII) is not None


def registered_number(details: LegalDetails) -> tuple[str, str] | None:
    """Return the registry that lists a number of these details, and the number; None where no registry does."""
    pack = pack_of(details.country)
    if details.kind not in pack.kinds:
        return None
    fields = (pack.fields[key] for key in _keys(pack, details.kind))
    return next(
        (
            (rule.registry, details.fields[rule.name])
            for rule in fields
            if rule.registry and rule.name in details.fields
        ),
        None,
    )


def changed_names(before: LegalDetails | None, after: LegalDetails) -> list[str]:
    """Return the names of what differs between two versions."""
    old = {} if before is None else {"kind": before.kind, "country": before.country, **before.fields}
    new = {"kind": after.kind, "country": after.country, **after.fields}
    return [name for name in dict.fromkeys((*new, *old)) if old.get(name) != new.get(name)]


def _checked_by_library(rule: FieldRule, plain: str) -> str:
    from stdnum.exceptions import (  # noqa: PLC0415 - few processes check a number
        InvalidChecksum,
        InvalidComponent,
        ValidationError,
    )

    try:
        return _library_check(rule.check)(plain)
    except InvalidChecksum as wrong:
        raise WrongValueError(WRONG_DIGIT) from wrong
    except InvalidComponent as wrong:
        raise WrongValueError(UNKNOWN_NUMBER, example=rule.example) from wrong
    except ValidationError as wrong:
        raise WrongValueError(INCOMPLETE, example=rule.example) from wrong


@cache
def _library_check(name: str) -> Callable[[str], str]:
    """Return the check of a module of python-stdnum.

    Raises:
        ValueError: There is no such module.
    """
    if not re.fullmatch(r"[a-z_]+(?:\.[a-z_]+)?", name):
        raise ValueError(f"{name} is no check")
    try:
        module: Any = import_module(f"stdnum.{name}")
    except ImportError as missing:
        raise ValueError(f"{name} is no check of python-stdnum") from missing
    return cast("Callable[[str], str]", module.validate)


def _check_russian_account(account: str, others: Mapping[str, str]) -> None:
    """Compare the check digit of an account with the code of its bank, by the rule of the Bank of Russia of 1997."""
    bank = "".join(others.get("bank_code", "").split())
    if not re.fullmatch(r"\d{9}", bank, re.ASCII):
        return  # the code of the bank has an error of its own
    branch = f"0{bank[4:6]}" if bank[-3:] in _CENTRAL_BANK else bank[-3:]
    digits = zip(branch + account, _ACCOUNT_WEIGHTS * 8, strict=False)
    if sum(int(digit) * weight % 10 for digit, weight in digits) % 10:
        raise WrongValueError(WRONG_ACCOUNT)


OWN_CHECKS: dict[str, Callable[[str, Mapping[str, str]], None]] = {"ru.account": _check_russian_account}
"""Checks that python-stdnum does not have, by the name that packs give them."""


def _keys(pack: Pack, kind: LegalKind) -> list[str]:
    return [*pack.kinds[kind].required, *pack.kinds[kind].optional]


def _form_field(rule: FieldRule, *, required: bool) -> FormField:
    return FormField(
        name=rule.name,
        label=_text(rule.label),
        help=_text(rule.help),
        example=rule.example,
        required=required,
        autocomplete=rule.autocomplete,
    )


def _text(texts: Texts) -> str:
    return texts.get(current_locale()) or texts.get("en", "")


def _error(name: str, message: str, params: Mapping[str, object] | None = None) -> FieldError:
    return FieldError(("body", "fields", name), message, params)
