"""Documents as people send them: honest ones pass whatever wrote them, dangers are refused by name."""

import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from app.features.files import rules
from app.gateways.file_inspection.errors import RefusedError
from app.gateways.file_inspection.office import OFFICE, OPEN_DOCUMENT
from app.gateways.file_inspection.signatures import CHECKS
from app.gateways.file_inspection.subprocess_main import inspect_file

SAMPLES = Path(__file__).parent / "documents"
WORD, SHEET = f"{OFFICE}wordprocessingml.document", f"{OFFICE}spreadsheetml.sheet"
TYPES = "[Content_Types].xml"
RELATIONSHIP = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def inspect(path: Path, media_type: str, folder: Path) -> dict[str, Any]:
    """Inspect a file as the inspecting process does."""
    return inspect_file({"source": str(path), "media_type": media_type, "folder": str(folder), "preview_pixels": 64})


def refused(path: Path, media_type: str, folder: Path) -> tuple[str, str | None, str | None]:
    """Return the reason, the exact cause and the entry of a refusal."""
    with pytest.raises(RefusedError) as error:
        inspect(path, media_type, folder)
    return error.value.reason, error.value.cause, error.value.entry


def written(path: Path, content: bytes) -> Path:
    """Return a file with this content."""
    path.write_bytes(content)
    return path


def document(path: Path, parts: dict[str, bytes], folder: str = "word/") -> Path:
    """Return an office document with these parts besides the necessary ones."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in ({TYPES: b"<Types/>", f"{folder}document.xml": b"<w/>"} | parts).items():
            archive.writestr(name, content)
    return path


def relationships(kind: str, target: str, mode: str = "External", encoding: str = "utf-8") -> bytes:
    """Return the relationships of a part."""
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?><Relationships><Relationship Id="r1" '
        f'Type="{RELATIONSHIP}/{kind}" Target="{target}" TargetMode="{mode}"/></Relationships>'
    )
    return text.encode(encoding)


def compound(path: Path, *names: str) -> Path:
    """Return a compound file with streams of these names: a header, one sector of the table, the directory."""
    entries = b""
    for name in ("Root Entry", *names):
        encoded = name.encode("utf-16-le") + b"\0\0"
        entries += encoded.ljust(64, b"\0") + struct.pack("<HB", len(encoded), 2) + bytes(61)
    entries = entries.ljust(-(-len(entries) // 512) * 512, b"\0")
    sectors = len(entries) // 512
    table = [0xFFFF_FFFD, *range(2, sectors + 1), 0xFFFF_FFFE]
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<HHHH", header, 24, 0x3E, 3, 0xFFFE, 9)
    struct.pack_into("<II", header, 44, 1, 1)
    struct.pack_into("<II", header, 68, 0xFFFF_FFFE, 0)
    struct.pack_into("<109I", header, 76, 0, *[0xFFFF_FFFF] * 108)
    content = struct.pack("<128I", *table, *[0xFFFF_FFFF] * (128 - len(table))) + entries
    return written(path, bytes(header) + content)


@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.iterdir()))
def test_what_people_sent_passes(name: str, tmp_path: Path) -> None:
    inspect(SAMPLES / name, rules.TYPES[rules.extension_of(name)], tmp_path)


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 1_000])
def test_the_header_of_a_pdf_may_come_late(before: bytes, tmp_path: Path) -> None:
    content = (SAMPLES / "bom.pdf").read_bytes().removeprefix(b"\xef\xbb\xbf")
    assert inspect(written(tmp_path / "x", before + content), "application/pdf", tmp_path) == {"preview": "preview"}
    far = written(tmp_path / "y", b"x" * 1_024 + content)
    assert refused(far, "application/pdf", tmp_path) == ("wrong_type", None, None)


def test_an_encrypted_document_passes_under_any_newer_name(tmp_path: Path) -> None:
    made = compound(tmp_path / "x", "EncryptedPackage", "EncryptionInfo", "DataSpaceMap")
    inspect(made, WORD, tmp_path)
    inspect(made, SHEET, tmp_path)


@pytest.mark.parametrize(
    ("names", "cause"),
    [
        (("WordDocument",), None),
        (("EncryptedPackage",), None),
        (("EncryptedPackage", "EncryptionInfo", "WordDocument"), None),
        (("EncryptedPackage", "EncryptionInfo", "VBA"), "macros"),
    ],
)
def test_another_compound_file_is_no_encrypted_document(
    names: tuple[str, ...], cause: str | None, tmp_path: Path
) -> None:
    assert refused(compound(tmp_path / "x", *names), WORD, tmp_path)[:2] == ("wrong_type", cause)


@pytest.mark.parametrize("folder", ["word\\", "WORD/", "Word\\"])
def test_parts_are_found_however_they_are_written(folder: str, tmp_path: Path) -> None:
    inspect(document(tmp_path / "x", {}, folder), WORD, tmp_path)


@pytest.mark.parametrize(
    "parts",
    [
        {"word/vbaProject.bin": b"x"},
        {"word/VBAPROJECT.BIN": b"x"},
        {"word\\VbaProject.bin": b"x"},
        {"WORD/vbaData.xml": b"x"},
        {"xl/MacroSheets/sheet1.xml": b"x"},
        {TYPES: b'<Types><Default ContentType="application/vnd.ms-office.vbaProject"/></Types>'},
        {TYPES: '<Types><Override ContentType="a.macroEnabled.main+xml"/></Types>'.encode("utf-16")},
        {"word/_rels/document.xml.rels": relationships("vbaProject", "innocent.bin", "Internal")},
    ],
)
def test_macros_are_found_under_any_name(parts: dict[str, bytes], tmp_path: Path) -> None:
    reason, cause, entry = refused(document(tmp_path / "x", parts), WORD, tmp_path)
    assert (reason, cause) == ("wrong_type", "macros")
    assert entry


def test_macros_of_open_documents_are_found_and_empty_libraries_are_none(tmp_path: Path) -> None:
    media_type = f"{OPEN_DOCUMENT}text"
    honest = {"mimetype": media_type.encode(), "Basic/script-lc.xml": b"<x/>", "Basic/Standard/script-lb.xml": b"<x/>"}
    inspect(document(tmp_path / "x", honest), media_type, tmp_path)
    for name in ("Basic/Standard/Module1.xml", "Scripts/python/run.py"):
        found = refused(document(tmp_path / "y", honest | {name: b"x"}), media_type, tmp_path)
        assert found == ("wrong_type", "macros", name)


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("attachedTemplate", "https://evil.example/a.dotm"),
        ("attachedTemplate", "HTTP://evil.example/a.dotm"),
        ("AttachedTemplate", r"\\evil.example\share\a.dotm"),
        ("attachedTemplate", r"file:///\\evil.example\share\a.dotm"),
        ("attachedTemplate", "file://evil.example/share/a.dotm"),
        ("oleObject", "mhtml:http://evil.example/a!x-usc:http://evil.example/a"),
        ("frame", "//evil.example/a.htm"),
        ("subDocument", "https://evil.example/b.docx"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_templates_from_elsewhere_are_refused_by_name(kind: str, target: str, encoding: str, tmp_path: Path) -> None:
    parts = {"word/_RELS/settings.xml.rels": relationships(kind, target, encoding=encoding)}
    assert refused(document(tmp_path / "x", parts), WORD, tmp_path) == ("wrong_type", "external_template", target)


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("hyperlink", "https://example.com/"),
        ("image", "https://example.com/a.png"),
        ("attachedTemplate", "Normal.dotm"),
        ("attachedTemplate", r"file:///C:\Users\anna\Templates\Letter.dotx"),
        ("attachedTemplate", r"C:\Templates\Letter.dotx"),
    ],
)
def test_links_and_templates_of_the_own_machine_pass(kind: str, target: str, tmp_path: Path) -> None:
    inspect(document(tmp_path / "x", {"word/_rels/a.xml.rels": relationships(kind, target)}), WORD, tmp_path)


def test_relationships_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    parts = {"word/_rels/a.xml.rels": b"<Relationships"}
    found = refused(document(tmp_path / "x", parts), WORD, tmp_path)
    assert found == ("broken", "unreadable_part", "word/_rels/a.xml.rels")
    bomb = {"word/_rels/a.xml.rels": b" " * 9_000_000}
    found = refused(document(tmp_path / "y", bomb), WORD, tmp_path)
    assert found == ("bomb", "dense", "word/_rels/a.xml.rels")


@pytest.mark.parametrize(
    "content",
    [
        b"a slide\x0btitle",
        b"\x1b[31mred\x1b[0m" * 100,
        b"old editors end with\x1a",
        "ошибка\x08".encode("cp1251"),
        b"\xef\xbb\xbfplain",
        "Привет".encode("utf-16"),
        "Привет\x0bмир".encode("utf-16-be").join([b"\xfe\xff", b""]),
        "Привет 😀".encode("utf-32"),
        ("line\n" * 10_000 + "\x01" * 400).encode(),
        b"",
    ],
)
def test_texts_may_hold_stray_controls(content: bytes, tmp_path: Path) -> None:
    inspect(written(tmp_path / "x", content), "text/plain", tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"nul\0",
        b"\x01\x02\x03\x04\x05\x06\x07\x08\x0e",
        ("line\n" * 10_000 + "\x01" * 600).encode(),
        b"\xff\xfeodd",
        b"\xff\xfe" + bytes(20),
        b"\xff\xfe\x00\xd8a\x00",
        b"\xff\xfe" + "\x01\x02\x03\x04\x05\x06\x07\x08\x0e".encode("utf-16-le"),
    ],
)
def test_what_is_no_text_is_refused_in_every_encoding(content: bytes, tmp_path: Path) -> None:
    assert refused(written(tmp_path / "x", content), "text/plain", tmp_path) == ("wrong_type", None, None)


DOWNLOADS: list[tuple[str, bytes]] = [
    ("rtf", b"{\\rtf1\\ansi text}"),
    ("doc", b"{\\rtf1\\ansi written by Word under its own ending}"),
    ("rar", b"Rar!\x1a\x07\x01\x00" + bytes(20)),
    ("rar", b"Rar!\x1a\x07\x00" + bytes(20)),
    ("7z", b"7z\xbc\xaf\x27\x1c" + bytes(20)),
    ("psd", b"8BPS\x00\x01" + bytes(20)),
    ("ai", b"%PDF-1.5\n"),
    ("ai", b"%!PS-Adobe-3.0\n"),
    ("fig", b"fig-kiwi" + bytes(20)),
    ("fig", b"PK\x03\x04" + bytes(26) + b"canvas.fig"),
    ("svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    ("svg", b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- drawn -->\n<!DOCTYPE svg PUBLIC "a" "b">\n<svg>\n</svg>'),
    ("svg", '<?xml version="1.0" encoding="utf-16"?><svg/>'.encode("utf-16")),
    ("mov", b"\x00\x00\x00\x14ftypqt  " + bytes(20)),
    ("mov", b"\x00\x00\x00\x08wide" + bytes(20)),
    ("m4a", b"\x00\x00\x00\x20ftypM4A " + bytes(20)),
]


@pytest.mark.parametrize(("extension", "content"), DOWNLOADS)
def test_what_is_only_downloaded_is_recognized(extension: str, content: bytes, tmp_path: Path) -> None:
    assert inspect(written(tmp_path / "x", content), rules.TYPES[extension], tmp_path) == {}


@pytest.mark.parametrize("extension", sorted(rules.UNOPENED))
@pytest.mark.parametrize("content", [b"", b"MZ" + bytes(500), b"<html><script>alert(1)</script></html>", b"text"])
def test_another_content_is_refused(extension: str, content: bytes, tmp_path: Path) -> None:
    assert refused(written(tmp_path / "x", content), rules.TYPES[extension], tmp_path)[0] == "wrong_type"


def test_every_kind_that_is_not_opened_is_recognized() -> None:
    assert {rules.TYPES[extension] for extension in rules.UNOPENED} == set(CHECKS)


def test_older_documents_are_told_apart_and_hold_no_macros(tmp_path: Path) -> None:
    for extension, stream in (
        ("doc", "WordDocument"),
        ("xls", "Workbook"),
        ("xls", "Book"),
        ("ppt", "PowerPoint Document"),
    ):
        inspect(compound(tmp_path / "x", stream, "\x05SummaryInformation"), rules.TYPES[extension], tmp_path)
    assert refused(compound(tmp_path / "x", "Workbook"), rules.TYPES["doc"], tmp_path)[:2] == ("wrong_type", None)
    found = refused(compound(tmp_path / "x", "WordDocument", "Macros", "VBA"), rules.TYPES["doc"], tmp_path)
    assert found == ("wrong_type", "macros", "macros")
    endless = bytearray(compound(tmp_path / "x", "WordDocument").read_bytes())
    struct.pack_into("<I", endless, 512 + 4, 1)
    assert refused(written(tmp_path / "x", bytes(endless)), rules.TYPES["doc"], tmp_path)[0] == "broken"
    cut = written(tmp_path / "x", bytes(endless)[:100])
    assert refused(cut, rules.TYPES["doc"], tmp_path)[0] == "broken"


@pytest.mark.parametrize("target", [b"http://evil.example/a", b"{https://evil.example/a", rb"\\\\evil.example\\a"])
def test_a_template_of_rich_text_from_elsewhere_is_refused(target: bytes, tmp_path: Path) -> None:
    path = written(tmp_path / "x", b"{\\rtf1" + b" " * 1_048_570 + b"{\\*\\template " + target + b"}}")
    assert refused(path, rules.TYPES["rtf"], tmp_path)[:2] == ("wrong_type", "external_template")
    inspect(written(tmp_path / "y", rb"{\rtf1{\*\template C:\\Letter.dot}}"), rules.TYPES["rtf"], tmp_path)
