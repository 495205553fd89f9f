"""Files: everybody sees their own; those of others respond 404."""

from typing import Any

from tests.contract.permissions.fixtures import Scene
from tests.contract.permissions.table import SIGNED_IN, Row, page
from tests.factories.files import Files

ROWS = [
    Row("GET /files", SIGNED_IN),
    Row("GET /files/limits", SIGNED_IN),
    Row("POST /files", (401, 415, 415, 415, 415), body={}),
    Row("POST /files/uploads", (401, 201, 201, 201, 201), body={"kind": "order", "name": "a.txt", "size": 3}),
    Row("GET /files/uploads/{file_id}", (401, 404, 404, 404, 200)),
    Row("PATCH /files/uploads/{file_id}", (401, 422, 422, 422, 422), body={}),
    Row("DELETE /files/uploads/{file_id}", (401, 404, 404, 404, 404)),
    Row("GET /files/{file_id}", (401, 404, 404, 404, 200)),
    Row("DELETE /files/{file_id}", (401, 404, 404, 404, 204)),
]


async def _file(scene: Scene, _row: Row, _role: str) -> Any:
    """Create a file of the customer."""
    async with scene.market.uow() as work:
        files = Files(work.resources)
    return (await files.send(scene.people["customer"])).id


MAKERS = {"file_id": _file}

# Without the signature of a link the response is 404 for everybody.
PAGES = [
    page("GET /files/{file_id}", 404, 404),
    page("GET /files/{file_id}/preview", 404, 404),
    page("GET /settings/files", 401, 200),
    page("POST /settings/files/{file_id}/remove", 401, 404, 404, 404, 303),
]
