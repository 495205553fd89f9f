"""Archives and office documents: each danger is refused with its own code, and harmless ones are accepted."""

import stat
import zipfile
from pathlib import Path

import pytest

from app.gateways.file_inspection import archives
from app.gateways.file_inspection.archives import OFFICE, OPEN_DOCUMENT, check_archive
from app.gateways.file_inspection.errors import RefusedError

ZIP = "application/zip"
WORD = f"{OFFICE}wordprocessingml.document"
TEXT = f"{OPEN_DOCUMENT}text"
HONEST_WORD = {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>"}


def packed(path: Path, entries: dict[str, bytes], *, mode: int = 0) -> Path:
    """Return an archive with these entries, each with this file mode."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            info = zipfile.ZipInfo(name)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, mode << 16
            archive.writestr(info, content)
    return path


def refusal(path: Path, media_type: str) -> str:
    """Return the reason of the refusal."""
    with pytest.raises(RefusedError) as refused:
        check_archive(path, media_type)
    return str(refused.value.args[0])


@pytest.mark.parametrize(
    ("media_type", "entries"),
    [
        (ZIP, {"a.txt": b"hello", "folder/b.txt": b"hello"}),
        (ZIP, {"nested.docx": b"PK"}),
        (WORD, HONEST_WORD),
        (WORD, HONEST_WORD | {"word/embeddings/data.zip": b"PK"}),
        (TEXT, {"mimetype": TEXT.encode(), "content.xml": b"<x/>"}),
    ],
)
def test_honest_ones_pass(tmp_path: Path, media_type: str, entries: dict[str, bytes]) -> None:
    check_archive(packed(tmp_path / "x", entries), media_type)


@pytest.mark.parametrize("mode", [stat.S_IFREG | 0o644, stat.S_IFDIR | 0o755])
def test_plain_files_and_folders_may_carry_a_mode(tmp_path: Path, mode: int) -> None:
    check_archive(packed(tmp_path / "x", {"a": b"x"}, mode=mode), ZIP)


@pytest.mark.parametrize(
    ("media_type", "entries"),
    [
        (WORD, {"word/document.xml": b"<w/>"}),
        (WORD, {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<x/>"}),
        (WORD, HONEST_WORD | {"word/vbaProject.bin": b"macro"}),
        (TEXT, {"mimetype": b"application/zip", "content.xml": b"<x/>"}),
        (TEXT, {"content.xml": b"<x/>"}),
    ],
)
def test_a_document_is_what_it_says(tmp_path: Path, media_type: str, entries: dict[str, bytes]) -> None:
    assert refusal(packed(tmp_path / "x", entries), media_type) == "wrong_type"


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../up", "a/../../up", "a\\..\\..\\up", "C:/windows", "x.zip", "a/x.TAR"]
)
def test_what_leads_outside_or_hides_an_archive_is_refused(tmp_path: Path, name: str) -> None:
    assert refusal(packed(tmp_path / "x", {name: b"x"}), ZIP) == "bomb"


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(tmp_path: Path, kind: int) -> None:
    assert refusal(packed(tmp_path / "x", {"a": b"/etc/passwd"}, mode=kind | 0o777), ZIP) == "bomb"


def test_a_dense_entry_is_refused_once_it_is_large(tmp_path: Path) -> None:
    dense = packed(tmp_path / "x", {"a": bytes(archives.SMALL_BYTES + 1)})
    assert refusal(dense, ZIP) == "bomb"
    check_archive(packed(tmp_path / "y", {"a": bytes(archives.SMALL_BYTES)}), ZIP)


def test_entries_are_counted_and_weighed_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = packed(tmp_path / "x", {"a": b"123", "b": b"456"})
    monkeypatch.setattr(archives, "MAX_BYTES", 6)
    check_archive(made, ZIP)
    monkeypatch.setattr(archives, "MAX_BYTES", 5)
    assert refusal(made, ZIP) == "bomb"


def test_a_long_table_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = packed(tmp_path / "x", {"a": b"1", "b": b"2"})
    monkeypatch.setattr(archives, "MAX_ENTRIES", 1)
    assert refusal(made, ZIP) == "bomb"
    monkeypatch.undo()
    monkeypatch.setattr(archives, "MAX_TABLE_BYTES", 10)
    assert refusal(made, ZIP) == "bomb"


@pytest.mark.parametrize("content", [b"", b"plain text", b"PK without an end", b"PK\x05\x06"])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    assert refusal(path, ZIP) == "wrong_type"
