"""Pure rules of files: names, limits and ranges."""

import pytest

from app.features.files import rules
from app.models import FileRefusal, RefusalCause


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\me\\photo.JPG", "photo.JPG"),
        ("a\x00b\r\nSet-Cookie: x.txt", "a b Set-Cookie_ x.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ('say "hi".txt', "say _hi_.txt"),
        ("   .hidden.txt", "hidden.txt"),
        ("", "file"),
        ("...", "file"),
        (".png", "png"),
        ("Смета 🏠.xlsx", "Смета 🏠.xlsx"),
        ("e\u0301te.txt", "\u00e9te.txt"),
        ("x" * 4_000 + ".jpeg", "x" * 115 + ".jpeg"),
        ("\ud800half.txt", "half.txt"),
    ],
)
def test_names_are_kept_as_far_as_they_are_harmless(given: str, kept: str) -> None:
    assert rules.clean_name(given) == kept
    assert len(rules.clean_name(given)) <= rules.MAX_NAME_LENGTH


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("report.pdf", 'attachment; filename="report.pdf"'),
        ("Смета.pdf", "attachment; filename=\".pdf\"; filename*=UTF-8''%D0%A1%D0%BC%D0%B5%D1%82%D0%B0.pdf"),
        ("50%.txt", "attachment; filename=\"50_.txt\"; filename*=UTF-8''50%25.txt"),
        ("🏠.png", "attachment; filename=\".png\"; filename*=UTF-8''%F0%9F%8F%A0.png"),
    ],
)
def test_names_are_sent_so_that_every_browser_reads_them(name: str, header: str) -> None:
    sent = rules.disposition(name)
    assert sent == header.replace('filename="."', 'filename="file."').replace('"."', '"').replace(
        'filename=".', 'filename="file.'
    )
    assert sent.isascii()
    assert "\n" not in sent


def test_every_kind_of_thing_has_limits_of_known_types() -> None:
    for limits in rules.LIMITS.values():
        assert set(limits.extensions) <= set(rules.TYPES)
        assert 0 < limits.most_bytes <= rules.MAX_FILE_BYTES
    dangerous = {"html", "htm", "xml", "js", "php", "py", "exe", "swf", "xhtml"}
    assert not dangerous & set(rules.TYPES)
    assert set(rules.TYPES) >= rules.UNOPENED
    assert not rules.UNOPENED & set(rules.PICTURES)
    assert {rules.served_type(f"a.{name}", rules.TYPES[name]) for name in rules.UNOPENED} == {
        "application/octet-stream"
    }
    assert rules.served_type("a.PNG", "image/png") == "image/png"


def test_names_of_entries_are_shown_without_what_could_deceive() -> None:
    assert rules.clean_entry(None) is None
    assert rules.clean_entry("a/\u202egpj.exe\n\ud800") == "a/gpj.exe\ufffd?"
    assert rules.clean_entry("x" * 500 + "end") == "…" + "x" * 157 + "end"


def test_a_refusal_says_as_much_as_is_known() -> None:
    text = rules.refusal_text(FileRefusal.BOMB, "nested", "a.zip")
    assert text == "«a.zip» — архив внутри архива. Сначала распакуйте его или отправьте отдельно."
    plain = rules.refusal_text(FileRefusal.BROKEN, None, None)
    assert plain == "Файл не открывается."
    assert rules.refusal_text(FileRefusal.BROKEN, "of a later release", None) == plain
    assert set(rules.CAUSE_LABELS) == set(RefusalCause)
