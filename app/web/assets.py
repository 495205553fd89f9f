"""Built static files with a content hash in their names, served compressed from memory."""

import gzip
import json
import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

DIST = Path(__file__).parent / "static" / "dist"
MANIFEST = DIST / "manifest.json"
PREFIX = "/static/"
ENCODINGS = ((".br", "br"), (".gz", "gzip"))
IMMUTABLE = "public, max-age=31536000, immutable"
KNOWN_TYPES = {".woff2": "font/woff2", ".webmanifest": "application/manifest+json", ".js": "text/javascript"}


@lru_cache
def manifest() -> dict[str, str]:
    """Return the map of plain names to built names, as `make assets` wrote it."""
    return dict(json.loads(MANIFEST.read_text(encoding="utf-8")))


def asset_url(name: str) -> str:
    """Return the address of a built file; an unknown name is a programming error."""
    return PREFIX + manifest()[name]


@lru_cache
def icon_names() -> frozenset[str]:
    """Return the names in the icon sheet."""
    return frozenset(json.loads((DIST / "icons.json").read_text(encoding="utf-8")))


@lru_cache(maxsize=256)
def icon_href(name: str) -> str:
    """Return the address of one icon.

    Raises:
        KeyError: There is no such icon; add its file to `static/src/icons` and run `make assets`.
    """
    if name not in icon_names():
        raise KeyError(f"no icon named {name!r}")
    return f"{asset_url('icons.svg')}#{name}"


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    media_type: str
    encodings: dict[str, bytes]


def _media_type(path: Path) -> str:
    kind = KNOWN_TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


class StaticFiles:
    """Serves only the built files: the list is read once, so path traversal is impossible."""

    def __init__(self, folder: Path = DIST) -> None:
        self._files: dict[str, _File] = {}
        for name in dict(json.loads((folder / "manifest.json").read_text(encoding="utf-8"))).values():
            path = folder / name
            packed = {
                coding: (folder / (name + suffix)).read_bytes()
                for suffix, coding in ENCODINGS
                if (folder / (name + suffix)).exists()
            }
            body = path.read_bytes() if path.exists() else gzip.decompress(packed["gzip"])
            self._files[name] = _File(body, _media_type(path), packed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request below the mount point."""
        response = self._answer(scope) if scope["type"] == "http" else PlainTextResponse("", 404)
        await response(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("", 405, {"Allow": "GET, HEAD"})
        name = str(scope["path"]).removeprefix(str(scope.get("root_path", ""))).lstrip("/")
        found = self._files.get(name.removeprefix(PREFIX.strip("/") + "/"))
        if found is None:
            return PlainTextResponse("", 404)
        headers = {"Cache-Control": IMMUTABLE, "Vary": "Accept-Encoding"}
        accepted = Headers(scope=scope).get("accept-encoding", "")
        body = found.body
        for _suffix, coding in ENCODINGS:
            if coding in found.encodings and coding in accepted:
                headers["Content-Encoding"] = coding
                body = found.encodings[coding]
                break
        response = Response(body, media_type=found.media_type, headers=headers)
        if scope["method"] == "HEAD":
            response.body = b""
        return response
