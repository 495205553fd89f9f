"""Cleanup and integrity checks: nothing that is in use is deleted."""

import os
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from app.core.clock import utc_now
from app.core.ids import new_id
from app.core.resources import Resources
from app.features.files import rules, service
from app.features.files.schemas import Subject
from app.features.files.tasks import process_files, remove_orphans, scrub_files, sweep_files
from app.gateways.storage import new_key, storage_of
from app.gateways.upload_spool import spool_of
from app.models import File, FileObject, SubjectKind
from tests.factories.files import Files, picture

OLD = timedelta(days=8)


async def keys(resources: Resources) -> set[str]:
    """Return every object of the storage."""
    return {found.key async for found in storage_of(resources).objects()}


async def age(uow: Any, *statements: Any) -> None:
    """Make some rows older."""
    async with uow() as work:
        for statement in statements:
            await work.session.execute(statement)


async def test_files_of_nothing_go_and_their_bytes_after_a_grace_time(
    resources: Resources, files: Files, uow: Any, as_actor: Any
) -> None:
    owner = await as_actor()
    orphan, kept = await files.make(owner, picture(), "a.png"), await files.make(owner)
    async with uow() as work:
        await service.attach(work, owner, Subject(SubjectKind.ORDER, new_id()), [kept.id])
        unfinished = (await service.reserve_upload(work, owner, SubjectKind.ORDER, "a.txt", 5)).file
    await sweep_files(resources)
    assert len(await keys(resources)) == 4
    await age(uow, update(File).values(touched_at=utc_now() - OLD))
    await sweep_files(resources)
    async with uow() as work:
        assert await work.session.get(File, orphan.id) is None
        assert await work.session.get(File, unfinished.id) is None
        assert await work.session.get(File, kept.id) is not None
    assert len(await keys(resources)) == 4
    scheduled = FileObject.delete_after.is_not(None)
    await age(uow, update(FileObject).where(scheduled).values(delete_after=utc_now() - OLD))
    await sweep_files(resources)
    assert len(await keys(resources)) == 1
    assert (await files.read(owner, kept.id)).url is not None


async def test_what_was_let_go_may_be_put_back_for_a_while(
    resources: Resources, files: Files, uow: Any, as_actor: Any
) -> None:
    owner, subject = await as_actor(), Subject(SubjectKind.ORDER, new_id())
    file = await files.make(owner)
    for held in ([file.id], []):
        async with uow() as work:
            await service.attach(work, owner, subject, held)
        if held:
            await age(uow, update(File).values(touched_at=utc_now() - OLD))
    await sweep_files(resources)
    assert (await files.read(owner, file.id)).url is not None


async def test_only_old_objects_that_nobody_knows_are_strays(
    resources: Resources, files: Files, as_actor: Any, tmp_path: Any
) -> None:
    await files.make(await as_actor())
    old, young = new_key(), new_key()
    for key in (old, young):
        (tmp_path / key).write_bytes(b"bytes")
        await storage_of(resources).put(key, tmp_path / key)
    known = await keys(resources) - {old, young}
    past = (utc_now() - OLD).timestamp()
    for key in known | {old}:
        os.utime(storage_of(resources)._place(key), (past, past))  # type: ignore[attr-defined]
    await remove_orphans(resources)
    assert await keys(resources) == known | {young}


async def test_rot_is_found_and_nothing_else_is_touched(
    resources: Resources, files: Files, uow: Any, as_actor: Any
) -> None:
    owner = await as_actor()
    made = [await files.make(owner, f"text {number}".encode()) for number in range(3)]
    async with uow() as work:
        rows = (await work.session.execute(FileObject.__table__.select())).mappings().all()
    by_file = {row["file_id"]: row["key"] for row in rows}
    place = storage_of(resources)._place(by_file[made[0].id])  # type: ignore[attr-defined]
    place.write_bytes(b"text X")
    await storage_of(resources).remove([by_file[made[1].id]])
    await scrub_files(resources)
    assert [(await files.read(owner, file.id)).status for file in made] == ["ready"] * 3
    await age(uow, update(FileObject).values(checked_at=utc_now() - rules.SCRUB - OLD))
    await scrub_files(resources)
    assert [(await files.read(owner, file.id)).status for file in made] == ["damaged", "damaged", "ready"]


async def test_bytes_that_stay_lost_are_given_up(resources: Resources, files: Files, uow: Any, as_actor: Any) -> None:
    owner = await as_actor()
    file = await files.send(owner)
    await storage_of(resources).remove(list(await keys(resources)))
    for _look in range(rules.MAX_LOST):
        await age(uow, update(File).values(next_try_at=utc_now() - OLD))
        await process_files(resources)
    assert (await files.read(owner, file.id)).status == "damaged"


async def test_old_pieces_leave_this_machine(resources: Resources) -> None:
    spool, file_id = spool_of(resources.settings), new_id()
    with spool.writing(file_id) as handle:
        handle.write(b"piece")
    await sweep_files(resources)
    assert file_id in set(spool.kept())
    past = (utc_now() - OLD).timestamp()
    os.utime(spool.path(file_id), (past, past))
    await sweep_files(resources)
    assert file_id not in set(spool.kept())
