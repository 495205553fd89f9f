"""Size of the first page view; assets are served as built, and are built from the current sources."""

import gzip
import re
from pathlib import Path
from typing import Any

import brotli  # type: ignore[import-untyped]  # no types in the package
import httpx
import pytest
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # no types in the package

from app.web.assets import DIST, asset_url, icon_names, manifest
from app.web.templating import TEMPLATES
from tools import assets as build

FIRST_VIEW = ("app.css", "app.js", "onest-latin.woff2", "onest-cyrillic.woff2", "onest-signs.woff2")
LIMIT = 70 * 1024
ARIAL_WIDTHS = {"a": 1139, "e": 1139, "i": 455, "n": 1139, "o": 1139, "t": 569, "s": 1024, "r": 682, " ": 569}
ARIAL_UNITS = 2048


def weight(name: str) -> int:
    path = DIST / manifest()[name]
    packed = path.with_name(path.name + ".br")
    return (packed if packed.exists() else path).stat().st_size


def built(name: str) -> bytes:
    path = DIST / manifest()[name]
    return path.read_bytes() if path.exists() else gzip.decompress(path.with_name(f"{path.name}.gz").read_bytes())


def test_the_first_view_is_light() -> None:
    total = sum(weight(name) for name in FIRST_VIEW)
    assert total <= LIMIT, {name: weight(name) for name in FIRST_VIEW}


def test_what_is_committed_was_built_from_the_sources() -> None:
    """The bytes of fonts and compressed files depend on tool versions; all others must equal a build of today."""
    bundled = build.bundle()
    for name, body in build.collect().items():
        if not name.endswith((".woff2", "app.css")):
            assert built(name) == body, f"{name} is stale: run `make assets`"
    assert built("app.css").endswith(bundled["app.css"]), "app.css is stale: run `make assets`"


def test_every_built_file_is_whole() -> None:
    for plain, name in manifest().items():
        body = built(plain)
        for suffix, unpack in ((".br", brotli.decompress), (".gz", gzip.decompress)):
            packed = DIST / (name + suffix)
            if packed.exists():
                assert unpack(packed.read_bytes()) == body


def test_nothing_comes_from_elsewhere() -> None:
    for path in [*DIST.glob("app.*.css"), *DIST.glob("app.*.js"), *TEMPLATES.rglob("*.html")]:
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/", "")
        assert re.findall(r"(?:src|href)=\"https?://|url\(\"?https?://|@import", text) == [], path


DATA = r' type="application/ld\+json">'
"""Data blocks for search engines: browsers do not execute them, and the policy does not apply."""


def test_templates_carry_no_inline_style_or_script() -> None:
    # Mail programs do not support style sheets: e-mails have inline styles, and the policy does not apply to them.
    for path in (found for found in TEMPLATES.rglob("*.html") if found.parent.name != "mail"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(rf"\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|<style|<script(?!{DATA}|[^>]*\bsrc=)", text), path


def test_every_icon_that_is_named_exists() -> None:
    named = set()
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        named.update(re.findall(r"\bicon\(\"([a-z0-9-]+)\"", text))
        named.update(re.findall(r"icon_name=\"([a-z0-9-]+)\"", text))
    assert named <= icon_names()
    assert len(named) > 10


@pytest.mark.parametrize("name", ["onest-latin.woff2", "onest-cyrillic.woff2", "onest-signs.woff2"])
def test_fonts_hold_their_letters(name: str) -> None:
    font = TTFont(DIST / manifest()[name])
    letters = {
        "onest-latin.woff2": "Ag0«—№\u00a0".replace("№", ""),
        "onest-cyrillic.woff2": "ЯяЁё№",
        "onest-signs.woff2": "₽",
    }
    assert {ord(letter) for letter in letters[name]} <= set(font.getBestCmap() or ())
    if name == "onest-latin.woff2":
        assert "tnum" in {record.FeatureTag for record in font["GSUB"].table.FeatureList.FeatureRecord}


def test_the_fallback_font_is_as_wide_as_ours() -> None:
    """Widths of common characters at regular weight: the fallback may change the length of lines by at most 3 %."""
    font = TTFont(DIST / manifest()["onest-latin.woff2"])
    head: Any = font["head"]
    units, cmap, metrics = head.unitsPerEm, font.getBestCmap() or {}, font["hmtx"]
    ours = sum(metrics[cmap[ord(letter)]][0] for letter in ARIAL_WIDTHS) / units
    arial = sum(ARIAL_WIDTHS.values()) / ARIAL_UNITS
    adjust = float(re.search(r"size-adjust: ([\d.]+)%", build.FALLBACK).group(1)) / 100  # type: ignore[union-attr]
    assert ours / (arial * adjust) == pytest.approx(1, abs=0.03)
    ascent = float(re.search(r"ascent-override: ([\d.]+)%", build.FALLBACK).group(1)) / 100  # type: ignore[union-attr]
    assert ascent * adjust == pytest.approx(font["hhea"].ascent / units, abs=0.01)


@pytest.mark.parametrize(("accepted", "coding"), [("br, gzip", "br"), ("gzip", "gzip"), ("identity", None), ("", None)])
async def test_files_come_packed_and_for_ever(client: httpx.AsyncClient, accepted: str, coding: str | None) -> None:
    answer = await client.get(asset_url("app.css"), headers={"Accept-Encoding": accepted})
    assert answer.status_code == 200
    assert answer.headers.get("content-encoding") == coding
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert "--page" in answer.text


@pytest.mark.parametrize(
    "path", ["/static/", "/static/app.css", "/static/../main.py", "/static/%2e%2e/render.py", "/static/icons.json"]
)
async def test_only_built_files_are_served(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


async def test_static_files_are_only_read(client: httpx.AsyncClient) -> None:
    answer = await client.post(asset_url("app.css"))
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"
    head = await client.head(asset_url("app.css"))
    assert (head.status_code, head.content) == (200, b"")


def test_sources_and_licences_are_kept() -> None:
    for name in ("fonts/LICENSE-Onest.txt", "icons/LICENSE-Lucide.txt", "vendor/LICENSE-swagger-ui.txt"):
        assert Path(build.SOURCES / name).exists()
