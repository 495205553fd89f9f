"""Re-encode images without metadata, and render previews; imported by the restricted process alone.

What is written has 8 bits per channel, the colours of sRGB and no metadata but what it takes to show it upright.
"""

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import pypdfium2
from PIL import Image, ImageCms, ImageFile, ImageOps, ImageSequence, PngImagePlugin, UnidentifiedImageError

from app.gateways.file_inspection.errors import RefusedError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "HEIF")
MEDIA_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}
"""What is written, by format."""
ANIMATED = ("GIF", "PNG", "WEBP", "AVIF")
"""Formats whose frames are an animation; those of HEIF and of a phone's JPEG are further pictures."""
MODES = {
    "JPEG": ("L", "RGB"),
    "PNG": ("L", "LA", "1", "RGB", "RGBA"),
    "WEBP": ("L", "RGB", "RGBA"),
    "GIF": ("L", "RGB", "RGBA"),
}
"""The modes of the library that a format keeps."""
MAX_FRAMES = 500
PDF_HEADER_BYTES = 1_024
FRAME_PIXELS = {"GIF": 200_000_000, "PNG": 40_000_000, "WEBP": 80_000_000}
"""Most pixels of all frames of an animation, by the format that is written: what its encoder can do in time."""
DENSE_PIXELS = 64_000_000
"""Most pixels of every format but JPEG, which alone is read and written fast enough for more."""
MAX_SIDE_PIXELS = 65_500
"""The longest side of a JPEG."""
PROGRESSIVE_PIXELS = 25_000_000
"""Above this a JPEG is written sequentially, because a progressive one is held in memory as a whole."""
TURNED_PIXELS = 64_000_000
"""Above this a JPEG keeps its orientation as a tag, because turning it needs a second copy in memory."""
FAST_PIXELS = 25_000_000
"""Above this PNG and animations are compressed faster and less."""
TEXT_LIMITS = (64_000_000, 256_000_000)
"""The largest text in a PNG, and all of them, that are read and dropped; the library's own limits are 1 and 64 MB."""
PADDED_BYTES = 1_024
"""Most bytes at the end of a WebP that may be missing."""
BROKEN = (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, ArithmeticError)
WHITE = (255, 255, 255)
ORIENTATION = 0x0112
SIDEWAYS = 5
"""The first orientation whose width and height are exchanged."""


def redraw(task: Mapping[str, Any]) -> dict[str, Any]:
    """Decode an image and encode it again: no EXIF, no location, no comments, no second interpretation of its bytes.

    The content decides on its format, whatever the claimed media type says. An image that is cut off or partly
    damaged is drawn as far as that is possible.

    Raises:
        RefusedError: It is not an image, cannot be drawn at all, or its header declares too many pixels.
    """
    # The library only warns between its limit and twice as much.
    Image.MAX_IMAGE_PIXELS = task["most_pixels"] // 2
    PngImagePlugin.MAX_TEXT_CHUNK, PngImagePlugin.MAX_TEXT_MEMORY = TEXT_LIMITS
    try:
        try:
            return _redraw(task, damaged=False)
        except BROKEN as error:
            ImageFile.LOAD_TRUNCATED_IMAGES = True
            try:
                return _redraw(task, damaged=True)
            except BROKEN:
                raise RefusedError("wrong_type" if isinstance(error, UnidentifiedImageError) else "broken") from error
    except (MemoryError, Image.DecompressionBombError) as error:
        raise RefusedError("too_big_picture") from error


def _redraw(task: Mapping[str, Any], *, damaged: bool) -> dict[str, Any]:
    folder, side = Path(task["folder"]), int(task["preview_pixels"])
    drawn: dict[str, Any] = {"preview": "preview"}
    source: IO[bytes]
    with _opened(Path(task["source"]), damaged=damaged) as source, Image.open(source, formats=_formats()) as picture:
        _check_size(picture, task["most_pixels"])
        if damaged and _is_plain(picture):
            raise RefusedError("broken")
        if task["preview_only"]:
            drawn |= {"width": picture.width, "height": picture.height}
        else:
            kind = _written_format(picture)
            drawn["width"], drawn["height"] = _write(picture, folder, kind)
            drawn |= {"main": "main", "media_type": MEDIA_TYPES[kind]}
    # The preview is rendered from the written file, which is thereby decoded once as a check.
    with Image.open(folder / "main" if "main" in drawn else task["source"], formats=_formats()) as written:
        small = _square(written, side, task["crop"] or {}) if task["square"] else _small(written, side)
        small.info = {}
        small.save(folder / "preview", "WEBP", quality=80)
    return drawn


def _opened(path: Path, *, damaged: bool) -> IO[bytes]:
    """Open an image; of a damaged WebP the bytes that are missing at its end are replaced by zeros."""
    source = path.open("rb")
    head = source.read(12)
    source.seek(0)
    if head[4:8] == b"ftyp":
        # Loaded for the files that may need it only: it is large.
        from pillow_heif import register_heif_opener  # noqa: PLC0415

        register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
    missing = int.from_bytes(head[4:8], "little") + 8 - path.stat().st_size
    if not damaged or head[:4] != b"RIFF" or not 0 < missing <= PADDED_BYTES:
        return source
    with source:
        return io.BytesIO(source.read() + bytes(missing))


def _formats() -> tuple[str, ...]:
    """Return the formats that are opened: HEIF only where its opener was registered for this file."""
    return FORMATS if "HEIF" in Image.OPEN else FORMATS[:-1]


def _check_size(picture: Image.Image, most_pixels: int) -> None:
    most = most_pixels if picture.format in ("JPEG", "MPO") else min(most_pixels, DENSE_PIXELS)
    if picture.width * picture.height > most or max(picture.size) > MAX_SIDE_PIXELS:
        raise RefusedError("too_big_picture")


def _is_plain(picture: Image.Image) -> bool:
    """Tell whether all pixels are alike, as they are where nothing could be decoded."""
    picture.load()
    found: Any = picture.getextrema()
    return all(low == high for low, high in (found if isinstance(found[0], tuple) else (found,)))


def _is_animated(picture: Image.Image) -> bool:
    return picture.format in ANIMATED and getattr(picture, "is_animated", False)


def _written_format(picture: Image.Image) -> str:
    """Return the format to write: the picture's own, or one that every browser shows in place of HEIF and AVIF."""
    if picture.format in MEDIA_TYPES:
        return picture.format
    return "WEBP" if _is_animated(picture) or picture.has_transparency_data else "JPEG"


def _write(picture: Image.Image, folder: Path, kind: str) -> tuple[int, int]:
    if _is_animated(picture):
        return _animation(picture, folder, kind)
    pixels = picture.width * picture.height
    profile, options = picture.info.get("icc_profile"), dict[str, Any]()
    turn, size = _orientation(picture), picture.size
    if kind == "JPEG" and pixels > TURNED_PIXELS and turn != 1:
        tag = Image.Exif()
        tag[ORIENTATION] = turn
        options["exif"] = tag
        size = (size[1], size[0]) if turn >= SIDEWAYS else size
    else:
        _turn(picture)
        size = picture.size
    drawn = _in_mode(_to_srgb(_in_8_bits(picture), profile), kind)
    if kind == "JPEG":
        options |= {"quality": 88, "progressive": pixels <= PROGRESSIVE_PIXELS}
    elif kind == "WEBP":
        options |= {"quality": 88}
    elif kind == "PNG":
        options |= {"compress_level": 3 if pixels > FAST_PIXELS else 6}
    drawn.save(folder / "main", kind, icc_profile=None, **options)
    return size


def _orientation(picture: Image.Image) -> int:
    """Return the orientation from EXIF, 1 (upright) where there is none or it cannot be read."""
    try:
        turn = picture.getexif().get(ORIENTATION)
    except BROKEN:
        return 1
    return turn if isinstance(turn, int) and turn in range(1, 9) else 1


def _turn(picture: Image.Image) -> None:
    """Turn the picture upright."""
    if _orientation(picture) != 1:
        # What was read stays; the library would otherwise encode all of it again, which fails with unusual values.
        picture.info.pop("exif", None)
        ImageOps.exif_transpose(picture, in_place=True)


def _in_8_bits(picture: Image.Image) -> Image.Image:
    """Scale the 16 bits of a grey picture to 8; a level that is marked as transparent becomes an alpha channel."""
    if not picture.mode.startswith("I"):
        return picture
    clear = picture.info.get("transparency")
    deep = picture.convert("I")
    grey = deep.point([level >> 8 for level in range(65_536)], "L")
    if isinstance(clear, int):
        grey.putalpha(deep.point([0 if level == clear else 255 for level in range(65_536)], "L"))
    return grey


def _to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert the colours from the picture's profile to sRGB; a profile that does not fit is ignored."""
    if profile:
        try:
            return _converted(picture, ImageCms.ImageCmsProfile(io.BytesIO(profile)))
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass
    return picture.convert("RGB") if picture.mode == "CMYK" else picture


def _converted(picture: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    srgb = ImageCms.createProfile("sRGB")
    if ImageCms.getProfileDescription(profile).startswith("sRGB"):
        return picture
    if picture.mode in ("P", "1") or "transparency" in picture.info:
        picture = _plain(picture)
    if picture.mode in ("RGB", "RGBA"):
        transform = ImageCms.buildTransform(profile, srgb, picture.mode, picture.mode)
        ImageCms.applyTransform(picture, transform, inPlace=True)
        return picture
    if picture.mode == "LA":
        grey, alpha = picture.split()
        both = _converted(grey, profile)
        both.putalpha(alpha)
        return both
    transform = ImageCms.buildTransform(profile, srgb, picture.mode, "RGB")
    drawn = ImageCms.applyTransform(picture, transform)
    if drawn is None:
        raise ValueError(picture.mode)
    return drawn.convert("L") if picture.mode == "L" else drawn


def _in_mode(picture: Image.Image, kind: str) -> Image.Image:
    """Convert a picture to a mode of the format, with its transparency and without its metadata."""
    clear = picture.info.get("transparency")
    kept = MODES[kind]
    if kind == "JPEG":
        drawn = picture if picture.mode in kept else picture.convert("RGB")
    elif kind == "PNG" and picture.mode == "P":
        drawn = picture
    else:
        drawn = picture if clear is None and picture.mode in kept else picture.convert("RGBA")
    drawn.info = {} if clear is None or drawn.mode != "P" else {"transparency": clear}
    return drawn


def _animation(picture: Image.Image, folder: Path, kind: str) -> tuple[int, int]:
    """Re-encode an animation, within limits on the number of frames and their total pixels."""
    profile = picture.info.get("icc_profile")
    durations, clear = _durations(picture, kind)
    large = len(durations) * picture.width * picture.height > FAST_PIXELS
    options: dict[str, Any] = {"loop": picture.info["loop"]} if "loop" in picture.info else {}
    if kind == "GIF" and clear:
        # Each frame is a whole picture; where it is transparent the one before must not be seen.
        options["disposal"] = 2
    if kind == "WEBP":
        options |= {"quality": 88, "method": 0 if large else 4}
    if kind == "PNG":
        options |= {"disposal": PngImagePlugin.Disposal.OP_NONE, "blend": PngImagePlugin.Blend.OP_SOURCE}
        options |= {"compress_level": 1 if large else 6}
        picture.seek(0)
        if getattr(picture, "default_image", False):
            # The first picture is for programs that show no animations, and no frame.
            options["default_image"] = True
            del durations[0]

    def frames() -> Iterator[Image.Image]:
        for frame in ImageSequence.Iterator(picture):
            copy = _to_srgb(frame.convert("RGBA"), profile)
            copy.info = {}
            yield copy

    drawn = frames()
    first = next(drawn)
    # The encoder of PNG goes through the frames twice.
    rest = list(drawn) if kind == "PNG" else drawn
    first.save(folder / "main", kind, save_all=True, append_images=rest, duration=durations, **options)
    return picture.size


def _durations(picture: Image.Image, kind: str) -> tuple[list[int], bool]:
    """Return the durations of all frames in milliseconds, and whether any frame has transparency.

    Raises:
        RefusedError: There are too many frames or pixels in them.
    """
    area, durations, clear = picture.width * picture.height, list[int](), False
    for frame in ImageSequence.Iterator(picture):
        if (len(durations) + 1) * area > FRAME_PIXELS[kind] or len(durations) == MAX_FRAMES:
            raise RefusedError("too_big_picture")
        frame.load()
        clear = clear or frame.has_transparency_data
        durations.append(round(frame.info.get("duration", 100)))
    return durations, clear


def _small(picture: Image.Image, side: int) -> Image.Image:
    picture.draft("RGB", (side * 2, side * 2))
    profile = picture.info.get("icc_profile")
    small = picture if picture.mode in ("RGB", "RGBA", "L", "CMYK") and not _has_clear(picture) else _plain(picture)
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    _turn(small)
    return _plain(_to_srgb(small, profile))


def _square(picture: Image.Image, side: int, crop: Mapping[str, float]) -> Image.Image:
    """Crop a square; centre and side are fractions of the image."""
    zoom = crop.get("zoom", 1.0)
    picture.draft("RGB", (round(side * 2 * zoom), round(side * 2 * zoom)))
    profile = picture.info.get("icc_profile")
    _turn(picture)
    cut = min(picture.size) / zoom
    left = min(max(crop.get("x", 0.5) * picture.width - cut / 2, 0), picture.width - cut)
    top = min(max(crop.get("y", 0.5) * picture.height - cut / 2, 0), picture.height - cut)
    box = (left, top, left + cut, top + cut)
    whole = picture if picture.mode == "CMYK" else _plain(picture)
    small = whole.resize((side, side), Image.Resampling.LANCZOS, box=box)
    return _plain(_to_srgb(small, profile))


def _has_clear(picture: Image.Image) -> bool:
    return "transparency" in picture.info


def _plain(picture: Image.Image) -> Image.Image:
    """Return the picture in RGB or RGBA; itself where it is, because a large one is not copied without need."""
    if picture.mode in ("RGB", "RGBA") and not _has_clear(picture):
        return picture
    return picture.convert("RGBA" if "A" in picture.mode or _has_clear(picture) else "RGB")


def draw_first_page(task: Mapping[str, Any]) -> dict[str, Any]:
    """Open a PDF and render its first page as the preview; the document itself is unchanged.

    Raises:
        RefusedError: It is not a PDF.
    """
    source, folder = Path(task["source"]), Path(task["folder"])
    with source.open("rb") as handle:
        # Readers of PDF look for the header there; some programs write a byte order mark or a mail header before it.
        if b"%PDF-" not in handle.read(PDF_HEADER_BYTES):
            raise RefusedError("wrong_type")
    try:
        document = pypdfium2.PdfDocument(source)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            # A password-protected document is valid; it just has no preview.
            return {}
        raise RefusedError("broken") from error
    try:
        if len(document) == 0:
            raise RefusedError("broken")
        page = document[0]
        width, height = page.get_size()
        scale = min(task["preview_pixels"] / max(width, height, 1), 4.0)
        picture = page.render(scale=scale, fill_color=(*WHITE, 255)).to_pil().convert("RGB")
        picture.thumbnail((task["preview_pixels"], task["preview_pixels"]))
        picture.save(folder / "preview", "WEBP", quality=80)
    except pypdfium2.PdfiumError as error:
        raise RefusedError("broken") from error
    finally:
        document.close()
    return {"preview": "preview"}
