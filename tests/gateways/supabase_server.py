"""A server on loopback that implements the part of Supabase's storage API that the driver uses, as documented."""

import email
import json
import re
import secrets
import threading
from collections.abc import Generator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, override
from urllib.parse import parse_qs, urlsplit

from app.core.clock import utc_now

SERVICE_KEY = "service-key-of-the-tests"
PUBLIC_KEY = "public-key-of-the-tests"
"""A key whose rights hide every object: the service says that they do not exist."""
MAX_BYTES = 50 * 1_048_576
BUCKET = "iplance"
PREFIX = "/storage/v1"


class Handler(BaseHTTPRequestHandler):
    """Stores objects in memory; without the key or a signed address every request is refused."""

    protocol_version = "HTTP/1.1"
    objects: dict[str, tuple[bytes, str]]
    tokens: dict[str, str]

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""

    def _answer(self, status: int, body: Any = None, headers: dict[str, str] | None = None) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json"} | (headers or {})).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _not_found(self) -> None:
        """Answer as the service does: an unknown bucket is reported as a missing object too."""
        ours = f"/{BUCKET}/" in f"{urlsplit(self.path).path}/"
        said = ("not_found", "Object not found") if ours else ("Bucket not found", "Bucket not found")
        self._answer(400, {"statusCode": "404", "error": said[0], "message": said[1]})

    def _may(self) -> bool:
        if self.headers.get("Authorization") == f"Bearer {SERVICE_KEY}" and self.headers.get("apikey") == SERVICE_KEY:
            return True
        public = self.headers.get("apikey") == PUBLIC_KEY
        if public and ("/object/info/" in self.path or "/object/sign/" in self.path):
            self._body()
            self._not_found()
            return False
        self._body()
        words = "new row violates row-level security policy" if public else "Invalid key"
        self._answer(400, {"statusCode": "403", "error": "Unauthorized", "message": words})
        return False

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _file(self) -> bytes:
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        whole = email.message_from_bytes(head + self._body())
        for part in whole.get_payload():
            if isinstance(part, Message) and part.get_filename():
                content = part.get_payload(decode=True)
                assert isinstance(content, bytes)
                return content
        raise AssertionError("no file in the form")

    def do_POST(self) -> None:
        """Upload, sign, list."""
        path = urlsplit(self.path).path.removeprefix(PREFIX)
        if not self._may():
            return
        if path == f"/object/list/{BUCKET}":
            asked = json.loads(self._body())
            found = [
                {"name": key, "id": key, "created_at": when, "updated_at": when, "metadata": {"size": len(content)}}
                for key, (content, when) in sorted(self.objects.items())
            ]
            self._answer(200, found[asked["offset"] : asked["offset"] + asked["limit"]])
        elif signing := re.fullmatch(f"/object/sign/{BUCKET}/([0-9a-f]+)", path):
            self._body()
            if signing[1] not in self.objects:
                self._not_found()
                return
            token = secrets.token_hex(8)
            self.tokens[token] = signing[1]
            self._answer(200, {"signedURL": f"{path}?token={token}"})
        elif uploading := re.fullmatch(f"/object/{BUCKET}/([0-9a-f]+)", path):
            key, content = uploading[1], self._file()
            if len(content) > MAX_BYTES:
                words = "The object exceeded the maximum allowed size"
                self._answer(400, {"statusCode": "413", "error": "Payload too large", "message": words})
                return
            if key in self.objects and self.headers.get("x-upsert") != "true":
                self._answer(400, {"statusCode": "409", "error": "Duplicate", "message": "Exists already"})
                return
            self.objects[key] = (content, utc_now().isoformat())
            self._answer(200, {"Key": f"{BUCKET}/{key}", "Id": key})
        else:
            self._not_found()

    def do_GET(self) -> None:
        """Return the properties of an object, or its content for a signed address."""
        parts = urlsplit(self.path)
        path = parts.path.removeprefix(PREFIX)
        if path == f"/bucket/{BUCKET}":
            times = {"created_at": utc_now().isoformat(), "updated_at": utc_now().isoformat()}
            known = {"id": BUCKET, "name": BUCKET, "owner": "", "public": False, "allowed_mime_types": None}
            self._answer(200, known | times | {"file_size_limit": MAX_BYTES})
            return
        if told := re.fullmatch(f"/object/info/{BUCKET}/([0-9a-f]+)", path):
            if self._may():
                found = self.objects.get(told[1])
                if found is None:
                    self._not_found()
                else:
                    self._answer(200, {"name": told[1], "size": len(found[0])})
            return
        key = self.tokens.get(parse_qs(parts.query).get("token", [""])[0])
        if key is None or key not in self.objects:
            self._not_found()
            return
        content = self.objects[key][0]
        span = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if span is None:
            self._answer(200, content)
        elif int(span[1]) >= len(content):
            self._answer(416, b"")
        else:
            self._answer(206, content[int(span[1]) : int(span[2]) + 1 if span[2] else None])

    def do_DELETE(self) -> None:
        """Delete objects; missing ones are not in the response."""
        if self._may():
            asked = json.loads(self._body())["prefixes"]
            self._answer(200, [{"name": key} for key in asked if self.objects.pop(key, None)])


@contextmanager
def supabase_server() -> Generator[str]:
    """Run the server; yield its address."""
    made = type("Handler", (Handler,), {"objects": {}, "tokens": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), made)
    running = threading.Thread(target=server.serve_forever, daemon=True)
    running.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        running.join()
