"""Numbers by form and check digit, from tables made by hand, and packs as data."""

from pathlib import Path

import pytest

from app.core.i18n import use_locale
from app.features.legal import rules
from app.features.legal.schemas import FieldRule, LegalDetails, LegalStatusPut
from app.models import LegalKind

BANK = {"bank_code": "044525225", "bank_name": "ПАО Сбербанк", "bank_account": "40702810200000000001"}
COMPANY = {
    "legal_name": "ООО «Ромашка»",
    "tax_number": "1234567894",
    "registration_reason_code": "770101001",
    "registration_number": "1027700132195",
    "address": "101000, Москва, ул. Мира, 1",
    "representative": "Генеральный директор Петров П. П.",
    "authority": "Устава",
} | BANK
PERSON = {"legal_name": "Иванова Анна", "tax_number": "123456789047", "address": "160000, Вологда, ул. Мира, 1"}
GERMAN = {
    "legal_name": "Beispiel GmbH",
    "registration_number": "HRB 1",
    "address": "10827 Berlin",
    "representative": "Max Mustermann",
    "bank_account": "DE89 3704 0044 0532 0130 00",
}


def problems(kind: LegalKind, country: str, fields: dict[str, str]) -> dict[str, str]:
    """Return the messages of the fields in English."""
    command = LegalStatusPut(kind=kind, country=country, fields=fields, version=0)
    with use_locale("en"):
        return {str(error.loc[-1]): error.text() for error in rules.check_details(command)[1]}


@pytest.mark.parametrize(
    ("kind", "country", "fields"),
    [
        (LegalKind.COMPANY, "RU", COMPANY),
        (LegalKind.PERSON, "RU", PERSON),
        (LegalKind.SELF_EMPLOYED, "RU", PERSON | BANK),
        (LegalKind.SOLE_TRADER, "RU", PERSON | BANK | {"registration_number": "304500116000157"}),
        (LegalKind.COMPANY, "DE", GERMAN | {"vat_number": "DE136695976", "bank_code": "COBADEFFXXX"}),
        (
            LegalKind.SOLE_TRADER,
            "GR",
            PERSON | {"bank_account": "GR1601101250000000012300695", "vat_number": "EL 094259216"},
        ),
        (LegalKind.PERSON, "KZ", {"legal_name": "Айгерим", "address": "Алматы"}),
    ],
)
def test_what_is_right_is_taken(kind: LegalKind, country: str, fields: dict[str, str]) -> None:
    assert problems(kind, country, fields) == {}


# Each row changes one field of a correct form: what was typed, and a part of the message that it gets.
@pytest.mark.parametrize(
    ("kind", "name", "typed", "message"),
    [
        (LegalKind.COMPANY, "tax_number", "1234567895", "check digit"),
        (LegalKind.COMPANY, "tax_number", "1324567894", "check digit"),
        (LegalKind.COMPANY, "tax_number", "123456789047", "looks like 1234567894"),
        (LegalKind.COMPANY, "tax_number", "12345678AB", "looks like 1234567894"),
        (LegalKind.COMPANY, "tax_number", "١٢٣٤٥٦٧٨٩٤", "looks like 1234567894"),
        (LegalKind.COMPANY, "tax_number", "", "Fill this in; it looks like 1234567894"),
        (LegalKind.COMPANY, "registration_reason_code", "77010100", "looks like 770101001"),
        (LegalKind.COMPANY, "registration_reason_code", "7701Z1001", ""),
        (LegalKind.COMPANY, "registration_reason_code", "77A101001", "looks like 770101001"),
        (LegalKind.COMPANY, "registration_number", "1027700132196", "check digit"),
        (LegalKind.COMPANY, "registration_number", "0027700132195", "no such number"),
        (LegalKind.COMPANY, "registration_number", "304500116000157", "looks like 1027700132195"),
        (LegalKind.COMPANY, "bank_code", "04452522", "looks like 044525225"),
        (LegalKind.COMPANY, "bank_account", "40702810300000000001", "does not belong to this bank"),
        (LegalKind.COMPANY, "bank_account", "4070281020000000000", "looks like 40702810200000000001"),
        (LegalKind.COMPANY, "legal_name", "", "Fill this in; it looks like ООО «Ромашка»"),
        (LegalKind.COMPANY, "colour", "red", "no such field"),
        (LegalKind.SELF_EMPLOYED, "tax_number", "123456789037", "check digit"),
        (LegalKind.SELF_EMPLOYED, "tax_number", "1234567894", "looks like 123456789047"),
        (LegalKind.SELF_EMPLOYED, "bank_account", "", "Fill this in too"),
    ],
)
def test_a_russian_field_by_its_form(kind: LegalKind, name: str, typed: str, message: str) -> None:
    correct = COMPANY if kind is LegalKind.COMPANY else PERSON | BANK
    found = problems(kind, "RU", correct | {name: typed})
    assert set(found) == ({name} if message else set())
    assert message in found.get(name, "")


@pytest.mark.parametrize(
    ("country", "name", "typed", "message"),
    [
        ("DE", "vat_number", "DE136695970", "check digit"),
        ("FR", "vat_number", "DE136695976", "begins with FR"),
        ("GR", "vat_number", "GR094259216", "begins with EL"),
        ("DE", "vat_number", "DE1366959", "looks like DE136695976"),
        ("DE", "bank_account", "DE88370400440532013000", "check digit"),
        ("DE", "bank_account", "DE89", ""),
        ("DE", "bank_code", "COBADEF", "looks like COBADEFFXXX"),
    ],
)
def test_a_european_field_by_its_form(country: str, name: str, typed: str, message: str) -> None:
    found = problems(LegalKind.COMPANY, country, GERMAN | {name: typed})
    assert set(found) == {name}
    assert message in found[name]


def test_numbers_are_stored_in_one_form() -> None:
    fields = COMPANY | {"tax_number": " 12345 67894", "bank_account": "40702-810-2-00000000001"}
    command = LegalStatusPut(kind=LegalKind.COMPANY, country="RU", fields=fields, version=0)
    details, errors = rules.check_details(command)
    assert errors == []
    assert (details.fields["tax_number"], details.fields["bank_account"]) == ("1234567894", "40702810200000000001")


def test_an_account_at_the_central_bank_has_another_key() -> None:
    rule = FieldRule(name="bank_account", label={"en": "x"}, check="ru.account", pattern=r"\d{20}", digits=True)
    others = {"bank_code": "041234001"}
    good = [account for digit in range(10) if _fits(rule, account := f"40501810{digit}00000000001", others)]
    assert len(good) == 1
    assert sum(int(d) * w % 10 for d, w in zip("034" + good[0], (7, 1, 3) * 8, strict=False)) % 10 == 0


def _fits(rule: FieldRule, account: str, others: dict[str, str]) -> bool:
    try:
        return rules.check_value(rule, "RU", account, others) == account
    except rules.WrongValueError:
        return False


def test_a_country_without_self_employed_says_so() -> None:
    assert "Choose another one" in problems(LegalKind.SELF_EMPLOYED, "DE", PERSON)["kind"]


def test_a_third_country_needs_a_data_file_only(tmp_path: Path) -> None:
    for path in rules.PACKS.glob("*.toml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "by.toml").write_text(
        'code = "by"\ncountries = ["BY"]\n'
        '[fields.unp]\nname = "tax_number"\nlabel = { en = "UNP", ru = "УНП" }\ncheck = "by.unp"\n'
        '[kinds.company]\nlabel = { en = "Company", ru = "Организация" }\nrequired = ["unp"]\n',
        encoding="utf-8",
    )
    known = rules.read_packs(tmp_path)
    for number, right in (("200988541", True), ("200988542", False)):
        command = LegalStatusPut(kind=LegalKind.COMPANY, country="BY", fields={"tax_number": number}, version=0)
        assert (rules.check_details(command, known)[1] == []) is right


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('code="x"\ncountries=["RU"]\n[fields]\n[kinds]\n', "two packs"),
        ('code="x"\ncountries=["BY"]\n[fields.a]\nlabel={en="a"}\ncheck="no.such"\n[kinds]\n', "no check"),
        ('code="x"\ncountries=["BY"]\n[fields.a]\nlabel={en="a"}\ncheck="../os"\n[kinds]\n', "no check"),
        (
            'code="x"\ncountries=["BY"]\n[fields]\n[kinds.person]\nlabel={en="p"}\nrequired=["name"]\n',
            "does not describe",
        ),
    ],
)
def test_a_broken_pack_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "ru.toml").write_bytes((rules.PACKS / "ru.toml").read_bytes())
    (tmp_path / "x.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=told):
        rules.read_packs(tmp_path)


def test_every_text_of_the_packs_is_in_both_languages() -> None:
    for pack in rules.packs():
        for texts in (
            *(f.label for f in pack.fields.values()),
            *(f.help for f in pack.fields.values() if f.help),
            *(k.label for k in pack.kinds.values()),
        ):
            assert set(texts) == {"en", "ru"}


def test_examples_pass_their_own_checks() -> None:
    for pack in rules.packs():
        for rule in pack.fields.values():
            if rule.example:
                rules.check_value(rule, "DE" if pack.code == "eu" else "RU", rule.example, BANK)


def test_the_registry_is_that_of_the_number() -> None:
    person = LegalDetails(kind=LegalKind.SELF_EMPLOYED, country="RU", fields=PERSON)
    assert rules.registered_number(person) == ("npd", "123456789047")
    assert rules.registered_number(person.model_copy(update={"kind": LegalKind.PERSON})) is None
    firm = LegalDetails(kind=LegalKind.COMPANY, country="DE", fields=GERMAN | {"vat_number": "DE136695976"})
    assert rules.registered_number(firm) == ("vies", "DE136695976")
