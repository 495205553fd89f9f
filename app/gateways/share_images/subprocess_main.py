"""Render one share image and exit: JSON on standard input, PNG on standard output."""

import base64
import io
import json
import sys
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops, ImageDraw, ImageFont, ImageOps

STATIC = Path(__file__).resolve().parents[2] / "web" / "static" / "src"
SIZE = (1200, 630)
EDGE = 72
FACE = 208
BAR = 14
PAGE, INK, INK_2, ACCENT, SOFT, LINE = "#faf8fc", "#1c1722", "#57505f", "#5f0f9c", "#f1eafa", "#e3dee9"
VIOLET, CYAN = (106, 13, 173), (0, 240, 255)
TITLE_LINES, TEXT_LINES = 2, 2
# The site's font is split into subsets; these are the code points of each, as in the site's CSS.
PARTS: tuple[tuple[str, tuple[tuple[int, int], ...]], ...] = (
    ("cyrillic", ((0x301, 0x301), (0x400, 0x45F), (0x490, 0x491), (0x4B0, 0x4B1), (0x2116, 0x2116))),
    ("cyrillic-ext", ((0x460, 0x52F), (0x20B4, 0x20B4))),
    (
        "latin",
        ((0x20, 0x7E), (0xA0, 0xFF), (0x131, 0x131), (0x152, 0x153), (0x2000, 0x206F), (0x20AC, 0x20AC),
         (0x2122, 0x2122), (0x2191, 0x2191), (0x2193, 0x2193), (0x2212, 0x2212)),
    ),
    ("latin-ext", ((0x100, 0x24F), (0x1E00, 0x1EFF), (0x20A0, 0x20C0))),
)  # fmt: skip


def part_of(letter: str) -> str | None:
    """Return the font subset that contains a character, or None: the character is then left out."""
    code = ord(letter)
    return next((name for name, ranges in PARTS if any(first <= code <= last for first, last in ranges)), None)


@cache
def font(part: str, size: int, weight: int) -> ImageFont.FreeTypeFont:
    """Load one font subset."""
    found = ImageFont.truetype(STATIC / "fonts" / f"onest-{part}-wght-normal.woff2", size)
    found.set_variation_by_axes([weight])
    return found


class Pen:
    """Draws text with all font subsets as if they were one font."""

    def __init__(self, draw: ImageDraw.ImageDraw, size: int, weight: int, colour: str) -> None:
        self._draw = draw
        self._size = size
        self._weight = weight
        self._colour = colour

    def _runs(self, text: str) -> Iterator[tuple[str, str]]:
        for part, letters in groupby(text, part_of):
            if part is not None:
                yield part, "".join(letters)

    def length(self, text: str) -> float:
        """Return the width of a text in pixels."""
        return sum(font(part, self._size, self._weight).getlength(run) for part, run in self._runs(text))

    def write(self, place: tuple[float, float], text: str) -> None:
        """Draw a line of text; the position is the start of its baseline."""
        left, base = place
        for part, run in self._runs(text):
            face = font(part, self._size, self._weight)
            self._draw.text((left, base), run, font=face, fill=self._colour, anchor="ls")
            left += face.getlength(run)

    def lines(self, text: str, width: float, most: int) -> list[str]:
        """Wrap a text into lines; a text that does not fit ends in an ellipsis."""
        found: list[str] = []
        words = text.split()
        while words and len(found) < most:
            line = words.pop(0)
            while words and self.length(f"{line} {words[0]}") <= width:
                line = f"{line} {words.pop(0)}"
            if (words and len(found) == most - 1) or self.length(line) > width:
                line = self.shortened(f"{line}…", width)
            found.append(line)
        return found

    def shortened(self, text: str, width: float) -> str:
        """Return the start of a text that fits the width."""
        while len(text) > 2 and self.length(text) > width:  # noqa: PLR2004 - one character and the ellipsis
            text = f"{text[:-2].rstrip()}…"
        return text


def picture_of(card: dict[str, Any]) -> Image.Image:
    """Draw the image."""
    image = Image.new("RGB", SIZE, PAGE)
    draw = ImageDraw.Draw(image)
    left = EDGE
    if card["face"] or card["letters"]:
        _face(image, card)
        left += FACE + 48
    width = SIZE[0] - left - EDGE
    title = Pen(draw, 66, 700, INK)
    base = EDGE + 66
    for line in title.lines(card["title"], width, TITLE_LINES):
        title.write((left, base), line)
        base += 78
    words = Pen(draw, 36, 450, INK_2)
    base += 2
    for line in words.lines(card["text"], width, TEXT_LINES):
        words.write((left, base), line)
        base += 50
    _chips(draw, card["chips"], (left, max(base - 8, EDGE + FACE - 20)), width)
    _foot(image, draw, card["corner"])
    return image


def _face(image: Image.Image, card: dict[str, Any]) -> None:
    mask = Image.new("L", (FACE * 4, FACE * 4), 0)
    ImageDraw.Draw(mask).ellipse((0, 0, FACE * 4 - 1, FACE * 4 - 1), fill=255)
    mask = mask.resize((FACE, FACE), Image.Resampling.LANCZOS)
    if card["face"]:
        with Image.open(io.BytesIO(base64.b64decode(card["face"])), formats=["WEBP"]) as sent:
            face = ImageOps.fit(sent.convert("RGBA"), (FACE, FACE), Image.Resampling.LANCZOS)
        mask = ImageChops.multiply(mask, face.getchannel("A"))
        image.paste(face.convert("RGB"), (EDGE, EDGE), mask)
        return
    face = Image.new("RGB", (FACE, FACE), SOFT)
    pen = Pen(ImageDraw.Draw(face), 84, 650, ACCENT)
    letters = card["letters"].upper()
    pen.write(((FACE - pen.length(letters)) / 2, FACE / 2 + 30), letters)
    image.paste(face, (EDGE, EDGE), mask)


def _chips(draw: ImageDraw.ImageDraw, chips: list[str], place: tuple[float, float], width: float) -> None:
    """Draw small labels in at most two rows; labels that do not fit are left out."""
    pen = Pen(draw, 28, 550, ACCENT)
    left, top, row = place[0], place[1], 0
    for chip in chips:
        words = pen.shortened(chip, width - 40)
        wide = pen.length(words) + 40
        if left + wide > place[0] + width:
            left, top, row = place[0], top + 64, row + 1
        if row > 1:
            return
        draw.rounded_rectangle((left, top, left + wide, top + 52), 26, fill=SOFT)
        pen.write((left + 20, top + 36), words)
        left += wide + 12


def _foot(image: Image.Image, draw: ImageDraw.ImageDraw, corner: str) -> None:
    base = SIZE[1] - BAR - 44
    draw.line((EDGE, base - 66, SIZE[0] - EDGE, base - 66), fill=LINE, width=2)
    with Image.open(STATIC / "img" / "icon-192.png") as mark:
        small = mark.convert("RGBA").resize((48, 48), Image.Resampling.LANCZOS)
    image.paste(small, (EDGE, base - 38), small)
    Pen(draw, 38, 700, INK).write((EDGE + 62, base), "ipLance")
    pen = Pen(draw, 38, 650, ACCENT)
    words = pen.shortened(corner, SIZE[0] / 2)
    pen.write((SIZE[0] - EDGE - pen.length(words), base), words)
    for place in range(SIZE[0]):
        share = place / SIZE[0]
        colour = tuple(round(a + (b - a) * share) for a, b in zip(VIOLET, CYAN, strict=True))
        draw.line((place, SIZE[1] - BAR, place, SIZE[1]), fill=colour)


def main() -> int:
    """Render the image described on standard input."""
    drawn = io.BytesIO()
    picture_of(json.load(sys.stdin)).save(drawn, "PNG", optimize=True)
    sys.stdout.buffer.write(drawn.getvalue())
    return 0


if __name__ == "__main__":
    sys.exit(main())
