"""Attachments."""

import io
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.datastructures import FormData, UploadFile

from app.core.ids import new_id
from app.core.unit_of_work import UnitOfWork
from app.features.files import rules, service
from app.features.files.dependencies import files_of_form, form_with_files
from app.features.files.errors import FileInUseError, InvalidFilesError
from app.features.files.schemas import Subject
from app.features.files.tasks import process_files
from app.models import File, SubjectKind
from tests.conftest import SignIn
from tests.factories.files import Files, picture

type OpenUow = Callable[[], AbstractAsyncContextManager[UnitOfWork]]


async def test_a_subject_holds_exactly_these_files_in_this_order(uow: OpenUow, files: Files, as_actor: Any) -> None:
    owner, subject = await as_actor(), Subject(SubjectKind.ORDER, new_id())
    made = [await files.make(owner, name=f"{name}.txt") for name in "abc"]
    for order in ([0, 1, 2], [2, 0], [1], []):
        async with uow() as work:
            await service.attach(work, owner, subject, [made[index].id for index in order])
        async with uow() as work:
            other = Subject(SubjectKind.PROPOSAL, new_id())
            found = await service.attached(work.session, [subject, other])
        assert [file.name for file in found[subject]] == [made[index].name for index in order]
        assert found[other] == []


async def test_a_copy_may_hold_the_same_files(uow: OpenUow, files: Files, as_actor: Any) -> None:
    owner = await as_actor()
    file = await files.make(owner, picture(), "a.png")
    first, second = (Subject(SubjectKind.ORDER, new_id()) for _copy in range(2))
    for subject in (first, second):
        async with uow() as work:
            await service.attach(work, owner, subject, [file.id, file.id])
    async with uow() as work:
        found = await service.attached(work.session, [first, second])
    assert [len(found[subject]) for subject in (first, second)] == [1, 1]
    assert found[first][0].preview_url is not None
    async with uow() as work:
        with pytest.raises(FileInUseError):
            await service.remove_file(work, owner, file.id)


async def test_only_ones_own_files_of_that_kind_that_were_taken(uow: OpenUow, files: Files, as_actor: Any) -> None:
    owner, stranger = await as_actor(), await as_actor()
    subject = Subject(SubjectKind.ORDER, new_id())
    theirs = await files.make(stranger)
    other_kind = await files.make(owner, kind=SubjectKind.PROPOSAL)
    refused = await files.make(owner, b"no picture", "a.png")
    async with uow() as work:
        unfinished = (await service.reserve_upload(work, owner, SubjectKind.ORDER, "a.txt", 10)).file
    for file_id, word in (
        (theirs.id, "not there"),
        (other_kind.id, "not there"),
        (new_id(), "not there"),
        (refused.id, "was not taken"),
        (unfinished.id, "not arrived"),
    ):
        async with uow() as work:
            with pytest.raises(InvalidFilesError) as raised:
                await service.attach(work, owner, subject, [file_id])
        assert word in raised.value.errors[0].message
    async with uow() as work:
        with pytest.raises(InvalidFilesError) as raised:
            await service.attach(work, owner, subject, [new_id() for _file in range(11)])
    assert raised.value.errors[0].params == {"most": 10}


async def test_a_form_that_is_shown_again_knows_its_files(uow: OpenUow, files: Files, as_actor: Any) -> None:
    owner, stranger = await as_actor(), await as_actor()
    mine, theirs = await files.send(owner), await files.send(stranger)
    async with uow() as work:
        shown = await service.own_files(work.session, owner, [theirs.id, mine.id, new_id(), mine.id])
    assert [file.id for file in shown] == [mine.id]


async def test_a_form_without_a_script_brings_its_files_itself(app: FastAPI, files: Files, as_actor: Any) -> None:
    owner = await as_actor()
    kept, removed = await files.make(owner), await files.make(owner)
    sent = UploadFile(io.BytesIO(b"text"), size=4, filename="new.txt")
    nothing = UploadFile(io.BytesIO(b""), size=0, filename="")
    form = FormData(
        [
            ("files", str(kept.id)),
            ("files", str(removed.id)),
            ("files", "no id"),
            ("files_remove", str(removed.id)),
            ("files_replaces", ""),
            ("files_new", sent),
            ("files_new", nothing),
        ]
    )
    request = Request({"type": "http", "method": "POST", "path": "/", "headers": [], "app": app})
    ids = (await files_of_form(SubjectKind.ORDER)(request, owner, form)).ids
    assert ids[0] == kept.id
    assert len(ids) == 2
    assert (await files.read(owner, ids[1])).name == "new.txt"
    assert form_with_files("/orders/new").limit > rules.MAX_FILE_BYTES


async def test_a_form_without_a_script_may_bring_a_next_version(app: FastAPI, files: Files, as_actor: Any) -> None:
    owner = await as_actor()
    first, second = await files.make(owner), await files.make(owner)
    sent = [UploadFile(io.BytesIO(b"text"), size=4, filename=f"{name}.txt") for name in ("new", "more")]
    fields = [("files", str(first.id)), ("files", str(second.id)), ("files_replaces", str(first.id))]
    form = FormData([*fields, *[("files_new", file) for file in sent]])
    request = Request({"type": "http", "method": "POST", "path": "/", "headers": [], "app": app})
    ids = (await files_of_form(SubjectKind.ORDER)(request, owner, form)).ids
    assert [(await files.read(owner, file_id)).name for file_id in ids] == ["new.txt", "text.txt", "more.txt"]
    async with files.resources.read_sessions() as session:
        new = await session.get(File, ids[0])
        more = await session.get(File, ids[2])
    assert new is not None
    assert more is not None
    assert (new.replaces_id, more.replaces_id) == (first.id, None)


async def test_a_next_version_takes_the_place_of_the_one_before(uow: OpenUow, files: Files, as_actor: Any) -> None:
    owner, subject = await as_actor(), Subject(SubjectKind.ORDER, new_id())

    async def held(*ids: UUID) -> list[tuple[str, int, list[tuple[int, str]]]]:
        """Attach these files, and return what is shown of them."""
        async with uow() as work:
            await service.attach(work, owner, subject, ids)
        async with uow() as work:
            found = (await service.attached(work.session, [subject]))[subject]
        return [(file.name, file.version, [(old.version, old.name) for old in file.earlier]) for file in found]

    first, other = await files.make(owner, name="brief.txt"), await files.make(owner, name="other.txt")
    await held(first.id, other.id)
    second = await files.make(owner, name="brief 2.txt", replaces=first.id)
    assert await held(second.id, other.id) == [("brief 2.txt", 2, [(1, "brief.txt")]), ("other.txt", 1, [])]
    unsaved = await files.make(owner, name="never saved.txt", replaces=second.id)
    third = await files.make(owner, name="brief 3.txt", replaces=unsaved.id)
    both = ("brief 3.txt", 3, [(2, "brief 2.txt"), (1, "brief.txt")])
    assert await held(other.id, third.id) == [("other.txt", 1, []), both]
    assert await held(other.id, third.id, second.id) == [
        ("other.txt", 1, []),
        ("brief 3.txt", 2, [(1, "brief.txt")]),
        ("brief 2.txt", 1, []),
    ], "an earlier version may be shown again beside it"
    assert await held(other.id) == [("other.txt", 1, [])], "with a file its earlier versions go"
    async with uow() as work:
        await service.remove_file(work, owner, first.id)


async def test_both_the_old_and_the_new_named_leave_the_new(uow: OpenUow, files: Files, as_actor: Any) -> None:
    owner, subject = await as_actor(), Subject(SubjectKind.ORDER, new_id())
    first = await files.make(owner, name="a.txt")
    second = await files.make(owner, name="b.txt", replaces=first.id)
    for ids in ([first.id], [first.id, second.id], [second.id]):
        async with uow() as work:
            await service.attach(work, owner, subject, ids)
    async with uow() as work:
        found = (await service.attached(work.session, [subject]))[subject]
        assert [(file.name, [old.name for old in file.earlier]) for file in found] == [("b.txt", ["a.txt"])]
        with pytest.raises(FileInUseError):
            await service.remove_file(work, owner, first.id)


async def test_a_file_has_so_many_versions(uow: OpenUow, files: Files, as_actor: Any) -> None:
    owner, subject = await as_actor(), Subject(SubjectKind.ORDER, new_id())
    file = await files.make(owner, name="0.txt")
    for number in range(1, rules.MAX_VERSIONS + 3):
        async with uow() as work:
            await service.attach(work, owner, subject, [file.id])
        file = await files.make(owner, name=f"{number}.txt", replaces=file.id)
    async with uow() as work:
        await service.attach(work, owner, subject, [file.id])
        found = (await service.attached(work.session, [subject]))[subject][0]
    assert (found.name, found.version) == ("12.txt", rules.MAX_VERSIONS)
    assert [old.name for old in found.earlier] == [f"{number}.txt" for number in range(11, 2, -1)]


async def test_a_version_that_is_refused_gives_its_place_back(uow: OpenUow, files: Files, as_actor: Any) -> None:
    owner, subject = await as_actor(), Subject(SubjectKind.ORDER, new_id())
    first = await files.make(owner, picture(), "1.png")
    second = await files.make(owner, picture(), "2.png", replaces=first.id)
    third = await files.send(owner, b"no picture", "3.png", replaces=second.id)
    for file in (first, second, third):
        async with uow() as work:
            await service.attach(work, owner, subject, [file.id])
    await process_files(files.resources)
    async with uow() as work:
        found = (await service.attached(work.session, [subject]))[subject]
    assert [(file.name, file.status, [old.name for old in file.earlier]) for file in found] == [
        ("3.png", "refused", []),
        ("2.png", "ready", ["1.png"]),
    ]


async def test_only_ones_own_file_of_that_kind_is_replaced(
    client: httpx.AsyncClient, files: Files, as_actor: Any, sign_in: SignIn
) -> None:
    theirs = await files.make(await as_actor())
    await sign_in(client)
    content = {"kind": "order", "name": "b.txt", "size": 3}
    for wrong in (theirs.id, new_id()):
        refused = await client.post("/api/v1/files/uploads", json={**content, "replaces": str(wrong)})
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid-files")
        sent = {"kind": "order", "replaces": str(wrong)}
        refused = await client.post("/api/v1/files", data=sent, files={"file": ("b.txt", b"text")})
        assert (refused.status_code, refused.json()["errors"][0]["loc"][-1]) == (422, "replaces")
    for nothing in ("none", ""):
        sent = {"kind": "order", "replaces": nothing}
        refused = await client.post("/api/v1/files", data=sent, files={"file": ("b.txt", b"text")})
        assert refused.status_code == 422
    assert (await client.get("/api/v1/files/limits")).json()["used_bytes"] == 0
