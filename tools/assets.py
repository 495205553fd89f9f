"""Builds the style sheet, the scripts, the fonts and the icons from their sources: `python -m tools.assets`.

The output is committed, so running the site does not need the build tools (esbuild, fonttools, brotli).
"""

import gzip
import hashlib
import io
import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tools.local_site import ROOT

STATIC = ROOT / "app" / "web" / "static"
SOURCES = STATIC / "src"

# Characters that both languages of the site need on every page; all others are in the `-ext` files, which browsers load
# only when a page uses them.
LATIN = (
    "U+0020-007E,U+00A0,U+00A3,U+00A7-00A9,U+00AB,U+00AE,U+00B0,U+00B1,U+00B7,U+00BB,U+00D7,U+00E0-00EF,U+00C9,"
    "U+00F1-00F6,U+00FC,U+2010-2015,U+2018-201E,U+2022,U+2026,U+20AC"
)
CYRILLIC = "U+0401,U+0451,U+0410-044F,U+2116"
SIGNS = "U+20BD,U+20B4,U+20B8"
FONTS: dict[str, tuple[str, str]] = {
    "onest-latin.woff2": ("onest-latin-wght-normal.woff2", LATIN),
    "onest-cyrillic.woff2": ("onest-cyrillic-wght-normal.woff2", CYRILLIC),
    "onest-signs.woff2": ("onest-latin-ext-wght-normal.woff2", SIGNS),
    "onest-latin-ext.woff2": ("onest-latin-ext-wght-normal.woff2", "U+0100-024F"),
    "onest-cyrillic-ext.woff2": ("onest-cyrillic-wght-normal.woff2", "U+0400-045F"),
}
WEIGHTS = (400, 700)
# Arial and Liberation Sans have the same widths. These values give the fallback the width and height of Onest, so that
# the layout does not shift when the font is loaded. Measured by tests/web/test_assets.py.
FALLBACK = "size-adjust: 106.5%; ascent-override: 91.1%; descent-override: 28.6%; line-gap-override: 0%;"


def bundle() -> dict[str, bytes]:
    """Return the style sheet and the scripts, each bundled and minified by esbuild (`build` in package.json)."""
    with TemporaryDirectory() as folder:
        command = [str(ROOT / "bin" / "npm"), "run", "--silent", "build", "--", f"--outdir={folder}"]
        subprocess.run(command, cwd=ROOT, check=True)
        return {path.name: path.read_bytes() for path in Path(folder).rglob("*.*") if path.is_file()}


def subset_font(source: Path, unicodes: str) -> bytes:
    """Return a variable font with only these characters and the weights that the style sheet uses."""
    fonts: Any = import_module("fontTools.ttLib")
    instancer: Any = import_module("fontTools.varLib.instancer")
    subset: Any = import_module("fontTools.subset")
    font = fonts.TTFont(source, recalcTimestamp=False)
    font = instancer.instantiateVariableFont(font, {"wght": WEIGHTS})
    options = subset.Options()
    options.layout_features = ["kern", "tnum", "calt", "ccmp", "locl", "mark", "mkmk"]
    options.hinting = False
    options.name_IDs = [0, 1, 2, 13, 14]
    options.notdef_outline = True
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=subset.parse_unicodes(unicodes))
    cutter.subset(font)
    font.flavor = "woff2"
    target = io.BytesIO()
    font.save(target)
    return target.getvalue()


def font_faces(names: dict[str, str]) -> str:
    """Return the @font-face rules; every Unicode range is in exactly one of them.

    `font-display: optional`, because a font that is loaded late would shift a page that is being read; it is used on
    the next page.
    """
    faces = [
        '@font-face{font-family:"Onest";font-style:normal;font-display:optional;'
        f"font-weight:{WEIGHTS[0]} {WEIGHTS[1]};"
        f'src:url("{names[name]}") format("woff2");unicode-range:{ranges};}}'
        for name, (_source, ranges) in reversed(FONTS.items())
    ]
    faces.append(f'@font-face{{font-family:"Onest Fallback";src:local("Arial"),local("Liberation Sans");{FALLBACK}}}')
    return "\n".join(faces)


def icon_sheet() -> tuple[str, list[str]]:
    """Return all icons as one SVG of symbols, and their names."""
    symbols: list[str] = []
    names: list[str] = []
    for path in sorted((SOURCES / "icons").glob("*.svg")):
        text = path.read_text(encoding="utf-8")
        inner = re.sub(r"(?s)^.*?<svg[^>]*>|</svg>\s*$", "", text)
        box = re.search(r'viewBox="([^"]+)"', text)
        inner = re.sub(r">\s+<", "><", inner.strip())
        symbols.append(f'<symbol id="{path.stem}" viewBox="{box.group(1) if box else "0 0 24 24"}">{inner}</symbol>')
        names.append(path.stem)
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>', names


def hashed(name: str, body: bytes) -> str:
    """Return the file name with the hash of the content in it."""
    stem, _dot, suffix = name.rpartition(".")
    return f"{stem}.{hashlib.sha256(body).hexdigest()[:10]}.{suffix}"


def collect() -> dict[str, bytes]:
    """Return the content of every served file by its plain name."""
    files: dict[str, bytes] = {}
    for name, (source, ranges) in FONTS.items():
        files[name] = subset_font(SOURCES / "fonts" / source, ranges)
    faces = font_faces({name: hashed(name, body) for name, body in files.items()})
    files |= bundle()
    files["app.css"] = faces.encode() + files["app.css"]
    for path in sorted((SOURCES / "vendor").glob("*.gz")):
        files[path.stem] = gzip.decompress(path.read_bytes())
    for path in sorted((SOURCES / "img").iterdir()):
        files[path.name] = path.read_bytes()
    sheet, _names = icon_sheet()
    files["icons.svg"] = sheet.encode()
    return files


def write(target: Path) -> dict[str, str]:
    """Write all files and their compressed variants; return the built name of each plain name."""
    brotli: Any = import_module("brotli")
    target.mkdir(parents=True, exist_ok=True)
    for old in target.iterdir():
        old.unlink()
    names: dict[str, str] = {}
    for name, body in sorted(collect().items()):
        names[name] = hashed(name, body)
        vendored = SOURCES / "vendor" / f"{name}.gz"
        if vendored.exists():  # large and rarely requested: only the compressed variant is kept
            (target / f"{names[name]}.gz").write_bytes(vendored.read_bytes())
            continue
        (target / names[name]).write_bytes(body)
        if not name.endswith((".woff2", ".png")):
            (target / f"{names[name]}.br").write_bytes(brotli.compress(body, quality=11))
            (target / f"{names[name]}.gz").write_bytes(gzip.compress(body, 9, mtime=0))
    (target / "icons.json").write_text(json.dumps(icon_sheet()[1]) + "\n", encoding="utf-8")
    (target / "manifest.json").write_text(json.dumps(names, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return names


if __name__ == "__main__":
    target = STATIC / "dist"
    for built in write(target).values():
        found = next(path for path in (target / built, target / f"{built}.gz") if path.exists())
        sys.stdout.write(f"{found.stat().st_size:>8} {found.name}\n")
