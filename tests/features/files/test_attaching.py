"""What files belong to."""

import io
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from fastapi import FastAPI, Request
from starlette.datastructures import FormData, UploadFile

from app.core.ids import new_id
from app.core.uow import UnitOfWork
from app.features.files import rules, service
from app.features.files.access import form_files, form_with_files
from app.features.files.errors import FileInUseError, InvalidFilesError
from app.features.files.schemas import Subject
from app.models import SubjectKind
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
        unfinished = await service.announce(work, owner, SubjectKind.ORDER, "a.txt", 10)
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
            ("files_new", sent),
            ("files_new", nothing),
        ]
    )
    request = Request({"type": "http", "method": "POST", "path": "/", "headers": [], "app": app})
    ids = await form_files(request, owner, form, SubjectKind.ORDER)
    assert ids[0] == kept.id
    assert len(ids) == 2
    assert (await files.read(owner, ids[1])).name == "new.txt"
    assert form_with_files("/orders/new").limit > rules.LONGEST_FILE
