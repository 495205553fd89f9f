"""Converts the drawings in this folder to the pictures of the demonstration data: `python -m tools.demo_pictures`.

The tests' browser renders each SVG with the font of the site; the picture is saved as WebP to keep it small.
"""

import asyncio
import base64
import io
import sys
from pathlib import Path

from PIL import Image
from playwright.async_api import async_playwright

from app.core.config import ROOT
from tools.browser import find_browser

DRAWINGS = Path(__file__).parent
PICTURES = ROOT / "app" / "data" / "demo"
FONTS = ROOT / "app" / "web" / "static" / "src" / "fonts"
ALPHABETS = {
    "onest-latin-wght-normal.woff2": "U+0-24F, U+2000-206F, U+20A0-20CF",
    "onest-cyrillic-wght-normal.woff2": "U+400-45F, U+2116",
}


def _style() -> str:
    faces = [
        f"@font-face{{font-family:Onest;font-weight:100 900;unicode-range:{letters};"
        f"src:url(data:font/woff2;base64,{base64.b64encode((FONTS / name).read_bytes()).decode()})}}"
        for name, letters in ALPHABETS.items()
    ]
    return f"<style>body{{margin:0}}svg{{display:block}}{''.join(faces)}</style>"


async def draw() -> int:
    """Render all pictures and return their number."""
    PICTURES.mkdir(exist_ok=True)
    drawings = sorted(DRAWINGS.glob("*.svg"))
    async with async_playwright() as playwright:
        path = await asyncio.to_thread(find_browser)
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = await browser.new_page(viewport={"width": 1280, "height": 900})
        for drawing in drawings:
            await page.set_content(f"<!doctype html>{_style()}{await asyncio.to_thread(drawing.read_text, 'utf-8')}")
            await page.evaluate("document.fonts.ready")
            shot = await page.locator("svg").screenshot()
            with Image.open(io.BytesIO(shot)) as seen:
                seen.convert("RGB").save(PICTURES / f"{drawing.stem}.webp", quality=82, method=6)
        await browser.close()
    return len(drawings)


def main() -> int:
    """Render the pictures and print their folder."""
    sys.stdout.write(f"{asyncio.run(draw())} pictures in {PICTURES.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
