"""Archives and office documents: each danger is refused with its own code, and harmless ones are accepted."""

import stat
import zipfile
from pathlib import Path

import pytest

from app.gateways.file_inspection import archives
from app.gateways.file_inspection.archives import check_archive
from app.gateways.file_inspection.errors import RefusedError
from app.gateways.file_inspection.office import OFFICE, OPEN_DOCUMENT

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


def fault(path: Path) -> tuple[str | None, str | None]:
    """Return the exact cause of the refusal of an archive, and the entry at fault."""
    with pytest.raises(RefusedError) as refused:
        check_archive(path, ZIP)
    return refused.value.cause, refused.value.entry


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


def test_the_entry_and_the_true_reason_are_named(tmp_path: Path) -> None:
    for name, cause in (
        ("/etc/passwd", "outside"),
        ("a\\..\\..\\up", "outside"),
        ("C:windows", "outside"),
        ("a/x.TAR", "nested"),
    ):
        assert fault(packed(tmp_path / "x", {"good": b"x", name: b"x"})) == (cause, name)
    assert fault(packed(tmp_path / "x", {"a": b"/etc"}, mode=stat.S_IFLNK | 0o777)) == ("link", "a")
    assert fault(packed(tmp_path / "x", {"a": bytes(archives.SMALL_BYTES + 1)})) == ("dense", "a")


@pytest.mark.parametrize("name", ["12:30 meeting.txt", "notes: draft.txt", "a/b: c.txt", "Встреча 10:00.txt"])
def test_a_colon_is_a_part_of_the_name(tmp_path: Path, name: str) -> None:
    check_archive(packed(tmp_path / "x", {name: b"x"}), ZIP)


def test_libraries_in_sources_are_no_archives(tmp_path: Path) -> None:
    check_archive(packed(tmp_path / "x", {"gradle/wrapper/gradle-wrapper.jar": b"PK", "lib/a.war": b"PK"}), ZIP)


def test_a_dense_entry_is_refused_once_it_is_large(tmp_path: Path) -> None:
    dense = packed(tmp_path / "x", {"a": bytes(archives.SMALL_BYTES + 1)})
    assert refusal(dense, ZIP) == "bomb"
    check_archive(packed(tmp_path / "y", {"a": bytes(archives.SMALL_BYTES)}), ZIP)


def test_an_honest_log_may_be_dense_up_to_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = b"".join(b"2026-11-29 03:00:%02d INFO request served in a moment\n" % second * 400 for second in range(60))
    log = packed(tmp_path / "x", {"app.log": lines * 12})
    with zipfile.ZipFile(log) as archive:
        found = archive.infolist()[0]
    assert found.file_size > archives.SMALL_BYTES
    assert found.file_size > archives.MAX_RATIO * found.compress_size
    check_archive(log, ZIP)
    monkeypatch.setattr(archives, "ROOMY_BYTES", found.file_size - 1)
    assert fault(log) == ("too_large", None)
    # The same bytes in many small entries are judged together.
    monkeypatch.setattr(archives, "ROOMY_BYTES", 1_000_000)
    assert fault(packed(tmp_path / "y", {str(n): bytes(200_000) for n in range(10)})) == ("too_large", None)


def test_entries_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "x", {"a": b"x" * 100, "b": b"x" * 100})
    content = bytearray(path.read_bytes())
    for place in (content.find(b"PK\x01\x02"), content.rfind(b"PK\x01\x02")):
        content[place + 20 : place + 24] = len(content).to_bytes(4, "little")
    path.write_bytes(content)
    assert fault(path) == ("too_large", None)


def long_table(path: Path, entries: int, length: int) -> Path:
    """Return an archive with the records of ZIP64, as programs write them that do not know the size beforehand."""
    content = packed(path, {"a.txt": b"hello"}).read_bytes()
    end = content.rfind(archives.END_OF_TABLE)
    size, place = content[end + 12 : end + 16] + bytes(4), content[end + 16 : end + 20] + bytes(4)
    long_end = archives.LONG_END_OF_TABLE + (44).to_bytes(8, "little") + b"\x2d\x00" * 2 + bytes(8)
    long_end += entries.to_bytes(8, "little") * 2 + (length.to_bytes(8, "little") if length else size) + place
    locator = b"PK\x06\x07" + bytes(4) + end.to_bytes(8, "little") + (1).to_bytes(4, "little")
    short = archives.END_OF_TABLE + bytes(4) + b"\xff" * 12 + bytes(2)
    path.write_bytes(content[:end] + long_end + locator + short)
    return path


def test_a_small_archive_may_have_a_long_table(tmp_path: Path) -> None:
    check_archive(long_table(tmp_path / "x", 1, 0), ZIP)
    assert fault(long_table(tmp_path / "y", archives.MAX_ENTRIES + 1, 0)) == ("too_many", None)
    assert fault(long_table(tmp_path / "z", 1, archives.MAX_TABLE_BYTES + 1)) == ("too_many", None)


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
