"""Files through the API: upload, inspection, download."""

import hashlib
import io
import stat
import zipfile
import zlib
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from PIL import Image
from sqlalchemy import update

from app.core.clock import utc_now
from app.core.ids import new_id
from app.core.resources import Resources
from app.features.files import rules, service
from app.features.files.schemas import Subject
from app.features.files.tasks import process_files, sweep_files
from app.gateways.storage import DiskStorage, storage_of
from app.gateways.upload_spool import spool_of
from app.models import File, FileObject, FileStatus, SubjectKind
from tests.conftest import SignIn
from tests.factories.files import PDF, archive, picture
from tests.factories.users import actor_for

API = "/api/v1/files"


async def send(client: httpx.AsyncClient, name: str, content: bytes, kind: str = "order") -> httpx.Response:
    """Upload as a program does."""
    return await client.post(API, files={"file": (name, content, "application/octet-stream")}, data={"kind": kind})


async def sent(client: httpx.AsyncClient, resources: Resources, name: str, content: bytes, kind: str = "order") -> Any:
    """Upload a file, have it inspected, and read it again."""
    answer = await send(client, name, content, kind)
    assert answer.status_code == 201, answer.text
    assert answer.json()["status"] == "processing"
    assert answer.json()["url"] is None
    await process_files(resources)
    return (await client.get(f"{API}/{answer.json()['id']}")).json()


async def test_a_file_comes_in_is_looked_at_and_goes_out_as_it_came(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources
) -> None:
    await sign_in(client)
    content = b"name;price\n" * 40_000
    file = await sent(client, resources, "Смета «дом».csv", content)
    assert (file["status"], file["name"], file["size"]) == ("ready", "Смета «дом».csv", len(content))
    client.cookies.clear()
    answer = await client.get(file["url"])
    assert answer.status_code == 200
    assert answer.content == content
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert "filename*=UTF-8''%D0%A1%D0%BC" in answer.headers["content-disposition"]
    assert answer.headers["etag"] == f'"{hashlib.sha256(content).hexdigest()}"'
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-9", 206, (0, 10)),
        ("bytes=262140-262150", 206, (262_140, 262_151)),
        ("bytes=599999-", 206, (599_999, 600_000)),
        ("bytes=-5", 206, (599_995, 600_000)),
        ("bytes=0-99999999", 206, (0, 600_000)),
        ("bytes=600000-", 416, (0, 0)),
        ("bytes=-0", 416, (0, 0)),
        ("bytes=9-3", 200, (0, 600_000)),
        ("bytes=0-1,5-6", 200, (0, 600_000)),
        ("lines=1-2", 200, (0, 600_000)),
    ],
)
async def test_a_part_is_handed_out_alone(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources, asked: str, status: int, part: tuple[int, int]
) -> None:
    start, end = part
    await sign_in(client)
    content = bytes(65 + index % 26 for index in range(600_000))
    file = await sent(client, resources, "letters.txt", content)
    answer = await client.get(file["url"], headers={"Range": asked})
    assert answer.status_code == status
    if status == 206:
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/600000"
    if status == 416:
        assert answer.headers["content-range"] == "bytes */600000"
    else:
        assert answer.content == content[start:end]
        assert answer.headers["content-length"] == str(end - start)


async def test_what_a_browser_keeps_is_not_sent_again(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources
) -> None:
    await sign_in(client)
    file = await sent(client, resources, "a.txt", b"text")
    first = await client.get(file["url"])
    assert first.headers["cache-control"] == "private, no-cache"
    again = await client.get(file["url"], headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    changed = await client.get(file["url"], headers={"Range": "bytes=0-0", "If-Range": '"other"'})
    assert (changed.status_code, changed.content) == (200, b"text")


async def test_a_link_is_good_for_one_file_one_face_and_a_while(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources
) -> None:
    await sign_in(client)
    file = await sent(client, resources, "a.png", picture())
    other = await sent(client, resources, "b.txt", b"text")
    url = httpx.URL(file["url"])
    until, key = int(url.params["until"]), url.params["key"]
    for path, changed_until, changed_key in (
        (f"/files/{other['id']}", until, key),
        (f"/files/{file['id']}/preview", until, key),
        (f"/files/{file['id']}", until + 1, key),
        (f"/files/{file['id']}", until - 100_000, key),
        (f"/files/{file['id']}", until, key[:-1] + "ж"),
        (f"/files/{file['id']}", until, ""),
    ):
        answer = await client.get(path, params={"until": changed_until, "key": changed_key})
        assert answer.status_code == 404, path
        assert answer.json()["code"] == "file-not-found"


async def test_pictures_are_drawn_anew_without_the_place_they_were_taken_at(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources
) -> None:
    await sign_in(client)
    exif = Image.Exif()
    exif[0x0112] = 6  # rotated by 90 degrees
    exif[0x010E] = "HIDDEN-COMMENT"
    exif.get_ifd(0x8825)[1] = "N"
    content = picture("JPEG", (80, 40), exif=exif) + b"<script>alert(1)</script>"
    file = await sent(client, resources, "photo.jpg", content, "portfolio")
    assert (file["width"], file["height"]) == (40, 80)
    shown = await client.get(file["url"])
    assert b"script" not in shown.content
    assert b"HIDDEN" not in shown.content
    with Image.open(io.BytesIO(shown.content)) as drawn:
        assert (drawn.format, drawn.size, dict(drawn.getexif())) == ("JPEG", (40, 80), {})
    small = await client.get(file["preview_url"])
    assert small.headers["content-type"] == "image/webp"
    assert 'filename="photo.webp"' in small.headers["content-disposition"]


async def test_the_face_of_a_person_is_a_square(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources
) -> None:
    await sign_in(client)
    file = await sent(client, resources, "me.png", picture("PNG", (900, 500)), "avatar")
    with Image.open(io.BytesIO((await client.get(file["preview_url"])).content)) as small:
        assert small.size == (256, 256)


async def test_a_document_shows_its_first_page(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources
) -> None:
    await sign_in(client)
    file = await sent(client, resources, "offer.pdf", PDF)
    assert file["status"] == "ready"
    assert (await client.get(file["url"])).content == PDF
    with Image.open(io.BytesIO((await client.get(file["preview_url"])).content)) as page:
        assert (page.format, page.height) == ("WEBP", 640)


async def test_what_cannot_be_taken_is_refused_with_what_to_do(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    await sign_in(client)
    for name, content, kind, status, code in (
        ("virus.exe", b"MZ", "order", 422, "file-type"),
        ("page.html", b"<html>", "order", 422, "file-type"),
        ("drawing.svg", b"<svg/>", "avatar", 422, "file-type"),
        ("noextension", b"text", "order", 422, "file-type"),
        ("scan.pdf", PDF, "avatar", 422, "file-type"),
        ("empty.txt", b"", "order", 422, "file-empty"),
        ("large.png", b"\x89PNG" + bytes(10 * rules.MEGABYTE), "avatar", 413, "file-too-large"),
        ("a.txt", b"text", "nothing", 422, "invalid"),
    ):
        answer = await send(client, name, content, kind)
        assert (answer.status_code, answer.json()["code"]) == (status, code), name
    answer = await client.post(API, files={"other": ("a.txt", b"text")}, data={"kind": "order"})
    assert answer.json()["errors"][0]["loc"] == ["body", "file"]
    assert (await client.post(API, json={})).status_code == 415
    limits = (await client.get(f"{API}/limits")).json()
    assert limits["used_bytes"] == 0
    assert {item["kind"] for item in limits["kinds"]} == {
        "avatar",
        "portfolio",
        "order",
        "proposal",
        "message",
        "submission",
    }


async def test_no_more_than_the_quota_and_room_comes_back_with_the_bytes(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources, uow: Any
) -> None:
    await sign_in(client)
    resources.settings = resources.settings.model_copy(update={"file_quota_bytes": 1_000})
    first = await send(client, "a.txt", b"x" * 600)
    refused = await send(client, "b.txt", b"x" * 401)
    assert (refused.status_code, refused.json()["code"]) == (409, "file-quota")
    assert (await client.get(f"{API}/limits")).json()["used_bytes"] == 600
    assert (await client.delete(f"{API}/{first.json()['id']}")).status_code == 204
    assert (await client.get(f"{API}/{first.json()['id']}")).status_code == 404
    # The bytes are there until the grace period is over, so they count until then.
    limits = (await client.get(f"{API}/limits")).json()
    assert (limits["used_bytes"], limits["removed_bytes"]) == (600, 600)
    assert (await send(client, "b.txt", b"x" * 401)).status_code == 409
    async with uow() as work:
        await work.session.execute(update(FileObject).values(delete_after=utc_now() - timedelta(days=1)))
    await sweep_files(resources)
    limits = (await client.get(f"{API}/limits")).json()
    assert (limits["used_bytes"], limits["removed_bytes"]) == (0, 0)
    assert (await send(client, "b.txt", b"x" * 401)).status_code == 201


def linked() -> bytes:
    """Return an archive with a symbolic link that points outside."""
    made, entry = io.BytesIO(), zipfile.ZipInfo("passwords")
    entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(made, "w") as writing:
        writing.writestr(entry, "/etc/passwd")
    return made.getvalue()


BOMB = archive({"zeros": bytes(40 * rules.MEGABYTE)})
OFFICE = archive({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"})
LOOKS: list[tuple[str, bytes, str]] = [
    ("page.jpg", b"<html><script>alert(1)</script></html>", "wrong_type"),
    ("cut.png", picture()[:60], "broken"),
    ("text.pdf", b"no document", "wrong_type"),
    ("hollow.pdf", b"%PDF-1.7\nnothing", "broken"),
    ("bytes.txt", bytes(range(256)), "wrong_type"),
    ("program.zip", b"MZ" + bytes(500), "wrong_type"),
    ("bomb.zip", BOMB, "bomb"),
    ("bomb.docx", archive({"[Content_Types].xml": b"", "word/a": bytes(40 * rules.MEGABYTE)}), "bomb"),
    ("climbs.zip", archive({"../../etc/cron.d/x": b"x"}), "bomb"),
    ("rooted.zip", archive({"/etc/passwd": b"x"}), "bomb"),
    ("drive.zip", archive({"C:/windows/x": b"x"}), "bomb"),
    ("linked.zip", linked(), "bomb"),
    ("matryoshka.zip", archive({"inner.zip": BOMB}), "bomb"),
    ("many.zip", archive({f"{index}": b"" for index in range(10_001)}), "bomb"),
    ("plain.docx", archive({"a": b"x"}), "wrong_type"),
    ("sheet.xlsx", OFFICE, "wrong_type"),
    ("macro.docx", archive({"[Content_Types].xml": b"", "word/vbaProject.bin": b"x"}), "wrong_type"),
    ("none.odt", archive({"mimetype": b"text/plain"}), "wrong_type"),
    ("song.mp3", b"not a song at all", "wrong_type"),
    ("letter.docx", OFFICE, ""),
    ("text.odt", archive({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<x/>"}), ""),
    ("site.zip", archive({"index.html": b"<html>", "css/a.css": b""}), ""),
    ("cyrillic.txt", "Привет".encode("cp1251"), ""),
    ("wide.txt", "Привет".encode("utf-16"), ""),
    ("song.mp3", b"ID3\x03" + bytes(200), ""),
    ("film.mp4", b"\x00\x00\x00\x20ftypisom" + bytes(200), ""),
    ("photo.php.jpg", picture("JPEG"), ""),
    ("photo.webp", picture("WEBP"), ""),
    ("grey.png", picture("PNG"), ""),
    ("other.jpg", picture("PNG"), ""),
]


@pytest.mark.parametrize(("name", "content", "refusal"), LOOKS, ids=[f"{name}-{why}" for name, _c, why in LOOKS])
async def test_the_content_must_be_what_the_name_says(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources, name: str, content: bytes, refusal: str
) -> None:
    await sign_in(client)
    file = await sent(client, resources, name, content)
    assert file["status"] == ("refused" if refusal else "ready")
    assert bool(file["note"]) == bool(refusal)
    assert bool(file["url"]) != bool(refusal)


@pytest.mark.parametrize(
    ("locale", "note"),
    [
        ("en", "“passwords” in the archive is a link or a device. Pack the file that it stands for."),
        ("ru", "«passwords» в архиве — это ссылка или устройство. Добавьте в архив сам файл."),
    ],
)
async def test_a_refusal_names_the_entry_in_the_language_of_the_reader(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources, locale: str, note: str
) -> None:
    await sign_in(client, locale=locale)
    assert (await sent(client, resources, "linked.zip", linked()))["note"] == note


@pytest.mark.parametrize(
    ("name", "content"),
    [("drawing.svg", b"<svg><script>alert(1)</script></svg>"), ("work.rar", b"Rar!\x1a\x07\x01\x00" + bytes(20))],
)
async def test_what_is_not_opened_here_is_only_downloaded(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources, name: str, content: bytes
) -> None:
    await sign_in(client)
    file = await sent(client, resources, name, content, "portfolio")
    assert (file["status"], file["preview_url"]) == ("ready", None)
    answer = await client.get(file["url"])
    assert answer.content == content
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("name", "kind", "kept"),
    [
        ("shop.JPG", "WEBP", "shop.webp"),
        ("site.v2.png", "JPEG", "site.v2.jpg"),
        ("me.jpeg", "JPEG", "me.jpeg"),
        ("new.avif", "AVIF", "new.jpg"),
        ("phone.heic", "PNG", "phone.png"),
    ],
)
async def test_a_wrong_ending_of_a_picture_is_corrected(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources, name: str, kind: str, kept: str
) -> None:
    await sign_in(client)
    file = await sent(client, resources, name, picture(kind))
    assert (file["status"], file["name"], file["media_type"]) == ("ready", kept, rules.TYPES[kept.rpartition(".")[2]])
    answer = await client.get(file["url"])
    assert answer.headers["content-type"] == file["media_type"]
    assert f'filename="{kept}"' in answer.headers["content-disposition"]
    with Image.open(io.BytesIO(answer.content)) as shown:
        assert Image.MIME[str(shown.format)] == file["media_type"]


async def test_a_picture_of_too_many_pixels_is_refused_by_its_header(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources
) -> None:
    await sign_in(client)
    huge = bytearray(picture("PNG"))
    huge[16:24] = (20_000).to_bytes(4) * 2
    huge[29:33] = zlib.crc32(bytes(huge[12:29])).to_bytes(4)
    file = await sent(client, resources, "huge.png", bytes(huge))
    assert file["status"] == "refused"
    assert file["note"] == "The picture has too many pixels or frames."


async def test_a_moving_picture_keeps_moving_within_limits(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources
) -> None:
    await sign_in(client)
    frames = [Image.new("RGB", (20, 20), (shade % 256, shade // 256, 0)) for shade in range(600)]
    made: list[Any] = []
    for count in (3, 600):
        content = io.BytesIO()
        frames[0].save(content, "GIF", save_all=True, append_images=frames[1:count], duration=50, loop=0)
        made.append(await sent(client, resources, "moving.gif", content.getvalue()))
    assert [file["status"] for file in made] == ["ready", "refused"]
    with Image.open(io.BytesIO((await client.get(made[0]["url"])).content)) as shown:
        assert getattr(shown, "n_frames", 1) == 3


async def test_while_it_is_looked_at_nobody_gets_it_and_in_use_it_stays(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources, uow: Any
) -> None:
    user = await sign_in(client)
    file = await sent(client, resources, "a.txt", b"text")
    async with uow() as work:
        await service.attach(work, actor_for(user), Subject(SubjectKind.ORDER, new_id()), [UUID(file["id"])])
        found = await work.session.get(File, UUID(file["id"]))
        found.status = FileStatus.QUARANTINED
    answer = await client.get(file["url"])
    assert (answer.status_code, answer.json()["code"]) == (409, "file-not-ready")
    answer = await client.delete(f"{API}/{file['id']}")
    assert (answer.status_code, answer.json()["code"]) == (409, "file-in-use")


async def test_a_storage_that_is_full_or_gone_charges_nothing(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources, tmp_path: Path
) -> None:
    await sign_in(client)
    (tmp_path / "file").write_text("a file where a folder should be")
    good, resources.storage = resources.storage, DiskStorage(tmp_path / "file")
    answer = await send(client, "a.txt", b"text")
    assert (answer.status_code, answer.json()["code"]) == (503, "storage-unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert (await client.get(f"{API}/limits")).json()["used_bytes"] == 0
    resources.storage = good
    file = (await send(client, "a.txt", b"text")).json()
    resources.storage = DiskStorage(tmp_path / "file")
    await process_files(resources)
    assert (await client.get(f"{API}/{file['id']}")).json()["status"] == "processing"
    assert UUID(file["id"]) not in set(spool_of(resources.settings).kept())


async def test_a_damaged_block_is_never_handed_out(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources, sessions: Any
) -> None:
    await sign_in(client)
    content = b"precious" * 50_000
    file = await sent(client, resources, "a.txt", content)
    async with sessions() as session:
        rows = (await session.execute(FileObject.__table__.select())).mappings().all()
    key = next(row["key"] for row in rows if str(row["file_id"]) == file["id"])
    root = storage_of(resources)._root  # type: ignore[attr-defined]
    damaged = bytearray(content)
    damaged[300_000] ^= 1
    (root / key[:2] / key).write_bytes(damaged)
    good = await client.get(file["url"], headers={"Range": "bytes=0-99"})
    assert good.content == content[:100]
    bad = await client.get(file["url"], headers={"Range": "bytes=280000-280010"})
    assert (bad.status_code, bad.json()["code"]) == (503, "file-damaged")
    whole = await client.get(file["url"])
    assert (whole.status_code, whole.json()["code"]) == (503, "file-damaged")
    assert (await client.get(f"{API}/{file['id']}")).json()["status"] == "damaged"


async def test_an_object_that_is_gone_is_told_as_damage(
    client: httpx.AsyncClient, sign_in: SignIn, resources: Resources
) -> None:
    await sign_in(client)
    file = await sent(client, resources, "a.txt", b"text")
    async for found in storage_of(resources).objects():
        await storage_of(resources).remove([found.key])
    assert (await client.get(file["url"])).json()["code"] == "file-damaged"
