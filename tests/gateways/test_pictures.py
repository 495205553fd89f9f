"""Pictures as cameras, phones and programs write them, drawn anew by the real inspecting process."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any, cast

import pytest
from PIL import Image, ImageCms, ImageOps, PngImagePlugin
from pillow_heif import HeifImagePlugin, register_heif_opener

from app.features.files.service.processing import MAX_PIXELS
from app.gateways.file_inspection.inspector import InspectionRequest, InspectionResult, inspect

pytestmark = pytest.mark.timeout(120)
RED, BLUE = (200, 30, 40), (30, 60, 200)
ORIENTATION, GPS, MAKER = 0x0112, 0x8825, 0x010F
NEAR = 12


async def drawn(folder: Path, content: bytes, claimed: str = "image/png", **options: Any) -> InspectionResult:
    """Have a picture inspected."""
    source = folder / "source"
    source.write_bytes(content)
    order: dict[str, Any] = {"most_pixels": MAX_PIXELS, "preview_pixels": 320} | options
    return await inspect(InspectionRequest(source=source, media_type=claimed, folder=folder, **order))


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """Return a picture in this format."""
    made = io.BytesIO()
    picture.save(made, kind, **options)
    return made.getvalue()


def halves(mode: str = "RGB", size: tuple[int, int] = (160, 80)) -> Image.Image:
    """A picture whose left half is red and whose right half is blue."""
    made = Image.new("RGB", size, RED)
    made.paste(BLUE, (size[0] // 2, 0, *size))
    return made.convert(mode)


def opened(path: Path | None) -> Image.Image:
    """Return what was written, decoded."""
    assert path is not None
    with Image.open(path) as picture:
        picture.load()
        return picture


def at(picture: Image.Image, x: float, y: float) -> tuple[int, ...]:
    """Return the colour with alpha at a place given in fractions."""
    whole = picture.convert("RGBA")
    return cast("tuple[int, ...]", whole.getpixel((int(x * whole.width), int(y * whole.height))))


def near(found: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Tell whether two colours look the same."""
    return all(abs(one - other) <= NEAR for one, other in zip(found, wanted, strict=False))


def deep_grey(clear: int | None = None) -> bytes:
    """A PNG with 16 bits of grey, from black on the left to white on the right, and perhaps a transparent level."""
    row = b"\0" + b"".join((level * 257).to_bytes(2) for level in range(256))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", 256, 40, 16, 0, 0, 0, 0))]
    chunks += [(b"tRNS", clear.to_bytes(2))] if clear is not None else []
    chunks += [(b"IDAT", zlib.compress(row * 40)), (b"IEND", b"")]
    written = [len(body).to_bytes(4) + name + body + zlib.crc32(name + body).to_bytes(4) for name, body in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


async def test_sixteen_bits_of_grey_are_scaled(tmp_path: Path) -> None:
    seen = await drawn(tmp_path, deep_grey())
    for path in (seen.main, seen.preview):
        shown = opened(path)
        assert [at(shown, place, 0.5)[0] // 64 for place in (0.1, 0.4, 0.6, 0.9)] == [0, 1, 2, 3]


async def test_a_transparent_level_of_sixteen_bits_stays_transparent(tmp_path: Path) -> None:
    seen = await drawn(tmp_path, deep_grey(clear=128 * 257))
    shown = opened(seen.main)
    assert [at(shown, level / 256, 0.5)[3] for level in (100, 128, 129)] == [255, 0, 255]


def palette_with_holes() -> bytes:
    made = halves().quantize(4)
    hole = made.getpixel((10, 10))
    return saved(made, "PNG", transparency=hole)


MODES = {
    "RGB with a transparent colour": (saved(halves(), "PNG", transparency=RED), (0, 255)),
    "palette": (palette_with_holes(), (0, 255)),
    "grey with a transparent level": (saved(Image.new("L", (9, 9), 70), "PNG", transparency=70), (0, 0)),
    "grey and alpha": (saved(halves("LA"), "PNG"), (255, 255)),
    "one bit": (saved(halves("1"), "PNG"), (255, 255)),
    "RGBA": (saved(Image.new("RGBA", (9, 9), (9, 9, 9, 128)), "PNG"), (128, 128)),
    "WebP": (saved(Image.new("RGBA", (9, 9), (9, 9, 9, 128)), "WEBP"), (128, 128)),
    "AVIF": (saved(Image.new("RGBA", (9, 9), (9, 9, 9, 128)), "AVIF"), (128, 128)),
    "GIF": (saved(palette := halves().quantize(4), "GIF", transparency=palette.getpixel((10, 10))), (0, 255)),
}


@pytest.mark.parametrize("name", MODES)
async def test_transparency_stays_in_the_file_and_in_the_preview(tmp_path: Path, name: str) -> None:
    content, clear = MODES[name]
    seen = await drawn(tmp_path, content)
    assert seen.refusal is None
    for path in (seen.main, seen.preview):
        shown = opened(path)
        assert (at(shown, 0.1, 0.5)[3], at(shown, 0.9, 0.5)[3]) == clear
    with Image.open(io.BytesIO(content)) as original:
        assert near(at(opened(seen.main), 0.9, 0.5), at(original, 0.9, 0.5))


def frames(count: int = 5) -> list[Image.Image]:
    """Different pictures with transparency."""
    made = [Image.new("RGBA", (60, 40), (0, 0, 0, 0)) for _frame in range(count)]
    for number, frame in enumerate(made):
        frame.paste((250, 40 * number, 0, 255), (10 * number, 0, 10 * number + 10, 40))
    return made


@pytest.mark.parametrize(("kind", "written"), [("GIF", "GIF"), ("WEBP", "WEBP"), ("PNG", "PNG"), ("AVIF", "WEBP")])
async def test_an_animation_keeps_its_frames_and_their_times(tmp_path: Path, kind: str, written: str) -> None:
    first, *rest = frames()
    times = [100, 200, 300, 400, 500]
    options: dict[str, Any] = {} if kind == "AVIF" else {"loop": 3}
    options |= {"disposal": 2} if kind == "GIF" else {}
    seen = await drawn(tmp_path, saved(first, kind, save_all=True, append_images=rest, duration=times, **options))
    assert seen.refusal is None
    assert seen.main is not None
    with Image.open(seen.main) as shown:
        assert (shown.format, getattr(shown, "n_frames", 1), seen.media_type) == (
            written,
            5,
            f"image/{written.lower()}",
        )
        assert shown.info.get("loop", 0) == options.get("loop", 0)
        found = []
        for number in range(5):
            shown.seek(number)
            shown.load()
            found.append(round(shown.info["duration"]))
            assert near(at(shown, (10 * number + 5) / 60, 0.5), (250, 40 * number, 0, 255)), number
            assert at(shown, (10 * ((number + 2) % 5) + 5) / 60, 0.5)[3] < NEAR, "frames do not pile up"
        # WebP ends each frame by the time of the next one.
        assert found == times


async def test_a_still_picture_before_an_animation_stays_no_frame(tmp_path: Path) -> None:
    first, *rest = frames()
    content = saved(first, "PNG", save_all=True, append_images=rest, default_image=True, duration=200)
    seen = await drawn(tmp_path, content)
    assert seen.main is not None
    with Image.open(seen.main) as shown:
        assert (getattr(shown, "default_image", False), getattr(shown, "n_frames", 1)) == (True, 5)


def wide_gamut() -> bytes:
    """A profile whose red is the green of sRGB, so that a conversion cannot be missed."""
    made = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(made[128:132])
    tags = {bytes(made[place : place + 4]): place for place in range(132, 132 + 12 * count, 12)}
    for one, other in ((b"rXYZ", b"gXYZ"),):
        first, second = made[tags[one] + 4 : tags[one] + 12], made[tags[other] + 4 : tags[other] + 12]
        made[tags[one] + 4 : tags[one] + 12], made[tags[other] + 4 : tags[other] + 12] = second, first
    at_name = made.find(b"\0s\0R\0G\0B")
    while at_name >= 0:
        made[at_name : at_name + 8] = b"\0t\0e\0s\0t"
        at_name = made.find(b"\0s\0R\0G\0B")
    return bytes(made)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_colours_are_converted_before_their_profile_is_dropped(tmp_path: Path, kind: str, mode: str) -> None:
    picture = Image.new("RGB", (60, 40), (220, 10, 10)).convert("RGB" if kind == "JPEG" else mode)
    seen = await drawn(tmp_path, saved(picture, kind, icc_profile=wide_gamut()))
    assert seen.refusal is None
    for path in (seen.main, seen.preview):
        shown = opened(path)
        assert "icc_profile" not in shown.info
        red, green, _blue, _alpha = at(shown, 0.5, 0.5)
        assert green > red + 100, "what was called red in that profile is green"


@pytest.mark.parametrize("profile", [b"no profile", b"", wide_gamut()[:100]], ids=["words", "empty", "cut"])
async def test_a_profile_that_is_none_changes_nothing(tmp_path: Path, profile: bytes) -> None:
    for mode in ("RGB", "L", "CMYK"):
        seen = await drawn(tmp_path, saved(halves(mode), "JPEG", icc_profile=profile))
        assert seen.refusal is None, mode
        assert "icc_profile" not in opened(seen.main).info


@pytest.mark.parametrize("profile", [None, wide_gamut()], ids=["no profile", "a profile for screens"])
async def test_a_picture_for_print_becomes_one_for_screens(tmp_path: Path, profile: bytes | None) -> None:
    options: dict[str, Any] = {"icc_profile": profile} if profile else {}
    seen = await drawn(tmp_path, saved(halves("CMYK"), "JPEG", quality=95, **options))
    shown = opened(seen.main)
    assert (shown.mode, near(at(shown, 0.1, 0.5), RED), near(at(shown, 0.9, 0.5), BLUE)) == ("RGB", True, True)


KEPT: dict[str, tuple[bytes, str]] = {
    "progressive": (saved(halves(), "JPEG", progressive=True), "JPEG"),
    "two pictures of a phone": (saved(halves(), "MPO", save_all=True, append_images=[halves()]), "JPEG"),
    "WebP without loss": (saved(halves(), "WEBP", lossless=True), "WEBP"),
    "AVIF": (saved(halves(), "AVIF"), "JPEG"),
}


@pytest.mark.parametrize("claimed", ["image/jpeg", "image/png", "image/webp", "image/gif", "image/heic", "image/avif"])
@pytest.mark.parametrize("name", KEPT)
async def test_the_content_decides_whatever_the_name_says(tmp_path: Path, name: str, claimed: str) -> None:
    content, written = KEPT[name]
    seen = await drawn(tmp_path, content, claimed)
    shown = opened(seen.main)
    assert (seen.refusal, shown.format, seen.media_type) == (None, written, f"image/{written.lower()}")
    assert (near(at(shown, 0.1, 0.5), RED[:1]), (seen.width, seen.height)) == (True, (160, 80))


async def test_a_heic_of_a_phone_becomes_a_jpeg(tmp_path: Path) -> None:
    register_heif_opener()
    assert HeifImagePlugin is not None
    tag = Image.Exif()
    tag[ORIENTATION], tag[MAKER] = 6, "Maker"
    seen = await drawn(tmp_path, saved(halves(size=(320, 160)), "HEIF", quality=90, exif=tag.tobytes()), "image/heic")
    shown = opened(seen.main)
    assert (seen.refusal, shown.format, shown.size, seen.media_type) == (None, "JPEG", (160, 320), "image/jpeg")
    assert dict(shown.getexif()) == {}
    assert near(at(shown, 0.5, 0.1), RED)


CUT = {
    "JPEG": saved(halves(), "JPEG"),
    "progressive": saved(halves(), "JPEG", progressive=True),
    "PNG": saved(halves(), "PNG"),
    "GIF": saved(halves(), "GIF"),
    "WebP": saved(halves(), "WEBP"),
}


@pytest.mark.parametrize("missing", [1, 2])
@pytest.mark.parametrize("name", CUT)
async def test_a_missing_last_byte_is_no_reason_to_refuse(tmp_path: Path, name: str, missing: int) -> None:
    seen = await drawn(tmp_path, CUT[name][:-missing])
    assert seen.refusal is None
    shown = opened(seen.main)
    assert (near(at(shown, 0.1, 0.5), RED), near(at(shown, 0.9, 0.2), BLUE)) == (True, True)


@pytest.mark.parametrize("kept", [0.1, 0.4])
@pytest.mark.parametrize("name", CUT)
async def test_what_cannot_be_drawn_is_refused(tmp_path: Path, name: str, kept: float) -> None:
    content = saved(Image.effect_noise((400, 300), 90).convert("RGB"), "PNG") if name == "PNG" else CUT[name]
    seen = await drawn(tmp_path, content[: 60 if name == "PNG" else int(len(content) * kept)])
    if seen.refusal is None:
        low, high = cast("tuple[tuple[int, int], ...]", opened(seen.main).convert("RGB").getextrema())[0]
        assert low < high, "something is to be seen"
    else:
        assert seen.refusal in {"broken", "wrong_type"}


@pytest.mark.parametrize("content", [b"", b"MZ", b"<html>", b"<svg/>", b"%PDF-1.7", b"no picture at all" * 100])
@pytest.mark.parametrize("claimed", ["image/jpeg", "image/png", "image/heic"])
async def test_what_is_no_picture_is_not_what_its_name_says(tmp_path: Path, content: bytes, claimed: str) -> None:
    assert (await drawn(tmp_path, content, claimed)).refusal == "wrong_type"


@pytest.mark.parametrize("compressed", [True, False])
async def test_large_texts_in_a_picture_are_skipped(tmp_path: Path, *, compressed: bool) -> None:
    texts = PngImagePlugin.PngInfo()
    for number in range(3):
        texts.add_text(f"a{number}", "x" * 30_000_000, zip=compressed)
        texts.add_itxt(f"b{number}", "y" * 5_000_000, zip=True)
    seen = await drawn(tmp_path, saved(halves(), "PNG", pnginfo=texts))
    assert seen.refusal is None
    assert near(at(opened(seen.main), 0.1, 0.5), RED)
    assert set(opened(seen.main).info) <= {"dpi"}


LARGE = {"50 megapixels": (8_160, 6_120), "100 megapixels": (12_000, 9_000)}


@pytest.mark.parametrize("turn", [1, 6])
@pytest.mark.parametrize("name", LARGE)
async def test_photos_of_phones_are_taken_whole_and_upright(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, turn: int
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 120_000_000)  # the library warns of what this test opens itself
    width, height = LARGE[name]
    tag = Image.Exif()
    tag[ORIENTATION], tag[MAKER] = turn, "Maker"
    tag.get_ifd(GPS)[1] = "N"
    content = saved(halves(size=(width, height)), "JPEG", quality=60, exif=tag)
    seen = await drawn(tmp_path, content, "image/jpeg")
    upright = (width, height) if turn == 1 else (height, width)
    assert (seen.refusal, seen.width, seen.height) == (None, *upright)
    assert seen.main is not None
    with Image.open(seen.main) as shown:
        assert set(shown.getexif()) <= {ORIENTATION}, "the place and the camera are not in it"
        shown.draft("RGB", (500, 500))
        small = ImageOps.exif_transpose(shown)
    for picture in (small, opened(seen.preview)):
        assert (picture.width < picture.height) == (turn != 1)
        first, last = ((0.1, 0.5), (0.9, 0.5)) if turn == 1 else ((0.5, 0.1), (0.5, 0.9))
        assert near(at(picture, *first), RED)
        assert near(at(picture, *last), BLUE)


async def test_a_screenshot_of_a_long_page_is_taken(tmp_path: Path) -> None:
    for kind in ("PNG", "JPEG"):
        seen = await drawn(tmp_path, saved(halves(size=(1_440, 18_000)), kind))
        assert (seen.refusal, seen.width, seen.height) == (None, 1_440, 18_000)


def declaring(content: bytes, width: int, height: int) -> bytes:
    """Return a PNG or WebP whose header declares another size."""
    made = bytearray(content)
    if made[:4] == b"RIFF":
        made[24:30] = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    else:
        made[16:24] = width.to_bytes(4) + height.to_bytes(4)
        made[29:33] = zlib.crc32(bytes(made[12:29])).to_bytes(4)
    return bytes(made)


async def test_too_many_pixels_are_refused_by_the_header(tmp_path: Path) -> None:
    alpha = Image.new("RGBA", (60, 40), (1, 2, 3, 4))
    moving = saved(alpha, "WEBP", save_all=True, append_images=frames()[:2])
    for content in (
        declaring(saved(halves(), "PNG"), 20_000, 20_000),
        declaring(saved(halves(), "PNG"), 9_000, 9_000),
        declaring(saved(halves(), "PNG"), 70_000, 10),
        declaring(moving, 16_384, 16_384),
    ):
        assert (await drawn(tmp_path, content)).refusal == "too_big_picture"


async def test_metadata_that_cannot_be_read_is_no_reason_to_refuse(tmp_path: Path) -> None:
    content = saved(halves(), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + bytes(40))
    seen = await drawn(tmp_path, content, "image/jpeg")
    assert (seen.refusal, (seen.width, seen.height)) == (None, (160, 80))
