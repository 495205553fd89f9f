"""Files for tests: uploaded as by a form, and inspected by the real code."""

import io
import zipfile
from typing import Any
from uuid import UUID

from PIL import Image
from starlette.datastructures import UploadFile

from app.core.actor import Actor
from app.core.resources import Resources
from app.features.files import service, workflows
from app.features.files.schemas import FileRead
from app.features.files.tasks import process_files
from app.models import SubjectKind

PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 300]>>endobj
trailer<</Root 1 0 R>>
%%EOF
"""


def picture(kind: str = "PNG", size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    """A picture of one colour."""
    made = io.BytesIO()
    Image.new("RGB", size, (20, 120, 200)).save(made, kind, **options)
    return made.getvalue()


def halves(size: tuple[int, int] = (400, 200)) -> bytes:
    """A picture whose left half is red and whose right half is blue."""
    drawn = Image.new("RGB", size, (220, 30, 30))
    drawn.paste((30, 30, 220), (size[0] // 2, 0, *size))
    made = io.BytesIO()
    drawn.save(made, "PNG")
    return made.getvalue()


def archive(entries: dict[str, bytes]) -> bytes:
    """A zip archive."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as writing:
        for name, content in entries.items():
            writing.writestr(name, content)
    return made.getvalue()


class Files:
    """Builds files, one call each."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources

    async def send(
        self,
        owner: Actor,
        content: bytes = b"A plain text.",
        name: str = "text.txt",
        kind: SubjectKind = SubjectKind.ORDER,
        replaces: UUID | None = None,
    ) -> FileRead:
        """A file that was uploaded and not yet inspected."""
        upload = UploadFile(io.BytesIO(content), size=len(content), filename=name)
        taken = await workflows.store_uploads(self.resources, owner, kind, [(upload, replaces)])
        return await self.read(owner, taken[0].id)

    async def read(self, owner: Actor, file_id: Any) -> FileRead:
        """A file as its owner sees it now."""
        async with self.resources.read_sessions() as session:
            return await service.get_own_file(session, owner, file_id)

    async def make(
        self,
        owner: Actor,
        content: bytes = b"A plain text.",
        name: str = "text.txt",
        kind: SubjectKind = SubjectKind.ORDER,
        replaces: UUID | None = None,
    ) -> FileRead:
        """A file that was inspected."""
        sent = await self.send(owner, content, name, kind, replaces)
        await process_files(self.resources)
        return await self.read(owner, sent.id)
