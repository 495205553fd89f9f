"""Re-encode images without metadata, and render previews; imported by the restricted process alone."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pypdfium2
from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from app.gateways.file_inspection.errors import RefusedError

FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/gif": "GIF"}
MAX_FRAMES = 500
MAX_SIDE_PIXELS = 16_000
PDF_HEADER_BYTES = 1_024
BROKEN = (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, ArithmeticError)
WHITE = (255, 255, 255)


def redraw(task: Mapping[str, Any]) -> dict[str, Any]:
    """Decode an image and encode it again: no EXIF, no location, no comments, no second interpretation of its bytes.

    Raises:
        RefusedError: It is not an image of this kind, or its header declares too many pixels.
    """
    folder, kind = Path(task["folder"]), FORMATS.get(task["media_type"])
    if kind is None:
        raise RefusedError("wrong_type")
    # We check the declared size ourselves; the library would only warn.
    Image.MAX_IMAGE_PIXELS = None
    main = None if task["preview_only"] else "main"
    try:
        with Image.open(task["source"], formats=[kind]) as picture:
            _check_size(picture.size, task["most_pixels"])
            size = _write(picture, folder, kind, task["most_pixels"]) if main else picture.size
        # The preview is rendered from the written file, which is thereby decoded once as a check.
        with Image.open(folder / main if main else task["source"], formats=[kind]) as drawn:
            side = int(task["preview_pixels"])
            small = _square(drawn, side, task["crop"] or {}) if task["square"] else _small(drawn, side)
            small.save(folder / "preview", "WEBP", quality=80)
    except UnidentifiedImageError as error:
        raise RefusedError("wrong_type") from error
    except BROKEN as error:
        raise RefusedError("broken") from error
    return {"width": size[0], "height": size[1], "main": main, "preview": "preview"}


def _write(picture: Image.Image, folder: Path, kind: str, most_pixels: int) -> tuple[int, int]:
    if kind == "GIF" and getattr(picture, "is_animated", False):
        return _animation(picture, folder, most_pixels)
    return _still(picture, folder, kind)


def _check_size(size: tuple[int, int], most_pixels: int) -> None:
    if size[0] * size[1] > most_pixels or max(size) > MAX_SIDE_PIXELS:
        raise RefusedError("too_big_picture")


def _still(picture: Image.Image, folder: Path, kind: str) -> tuple[int, int]:
    profile = picture.info.get("icc_profile")
    upright = ImageOps.exif_transpose(picture)
    if kind == "JPEG":
        upright = upright if upright.mode in ("L", "RGB", "CMYK") else upright.convert("RGB")
        upright.info = {}
        upright.save(folder / "main", kind, quality=88, progressive=True, icc_profile=profile)
    else:
        drawn = upright if upright.mode in ("L", "LA", "RGB", "RGBA", "P", "1") else upright.convert("RGBA")
        drawn = drawn.convert("RGBA") if kind != "PNG" and drawn.mode in ("P", "LA", "1") else drawn
        clear = drawn.info.get("transparency") if drawn.mode == "P" else None
        drawn.info = {} if clear is None else {"transparency": clear}
        options = {"quality": 88} if kind == "WEBP" else {}
        drawn.save(folder / "main", kind, icc_profile=profile, **options)
    return upright.size


def _animation(picture: Image.Image, folder: Path, most_pixels: int) -> tuple[int, int]:
    """Re-encode an animated GIF, within limits on the number of frames and their total pixels."""
    allowed = min(MAX_FRAMES, 4 * most_pixels // max(picture.width * picture.height, 1))
    durations: list[int] = []
    for frame in ImageSequence.Iterator(picture):
        durations.append(int(frame.info.get("duration", 100)))
        if len(durations) > allowed:
            raise RefusedError("too_big_picture")
    loop = picture.info.get("loop")

    def frames() -> Iterator[Image.Image]:
        for frame in ImageSequence.Iterator(picture):
            copy = frame.convert("RGBA")
            copy.info = {}
            yield copy

    drawn = frames()
    first = next(drawn)
    options = {} if loop is None else {"loop": loop}
    first.save(folder / "main", "GIF", save_all=True, append_images=drawn, duration=durations, **options)
    return picture.size


def _small(picture: Image.Image, side: int) -> Image.Image:
    picture.draft("RGB", (side * 2, side * 2))
    small = _plain(picture)
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    small.info = {}
    return small


def _square(picture: Image.Image, side: int, crop: Mapping[str, float]) -> Image.Image:
    """Crop a square; centre and side are fractions of the image."""
    zoom = crop.get("zoom", 1.0)
    picture.draft("RGB", (round(side * 2 * zoom), round(side * 2 * zoom)))
    cut = min(picture.size) / zoom
    left = min(max(crop.get("x", 0.5) * picture.width - cut / 2, 0), picture.width - cut)
    top = min(max(crop.get("y", 0.5) * picture.height - cut / 2, 0), picture.height - cut)
    box = (left, top, left + cut, top + cut)
    small = _plain(picture).resize((side, side), Image.Resampling.LANCZOS, box=box)
    small.info = {}
    return small


def _plain(picture: Image.Image) -> Image.Image:
    return picture.convert("RGBA" if "A" in picture.mode or "transparency" in picture.info else "RGB")


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
