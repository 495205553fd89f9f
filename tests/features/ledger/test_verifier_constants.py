"""`verify.py` shares no code with the site, so what it knows of the ledger is compared with the ledger itself."""

import re

from sqlalchemy import select, text

from app.core.resources import Resources
from app.core.transparency import verify
from app.models.ledger import AccountKind, LedgerAccountKind


async def test_the_verifier_knows_the_chart_of_accounts(resources: Resources) -> None:
    async with resources.sessions() as session:
        kinds = (await session.scalars(select(LedgerAccountKind))).all()
    assert {kind.code for kind in kinds} == set(AccountKind) == verify.KINDS
    assert {kind.code for kind in kinds if kind.normal_side == "debit"} == verify.DEBIT_KINDS
    assert {kind.code for kind in kinds if kind.has_floor} == verify.FLOORED


async def test_the_verifier_takes_the_amounts_that_the_ledger_takes(resources: Resources) -> None:
    query = text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'ck_transfer_amount'")
    async with resources.sessions() as session:
        condition = str(await session.scalar(query))
    most = max(int(number) for number in re.findall(r"\d+", condition))
    assert most == verify.MOST
    assert verify.AMOUNT.fullmatch(str(most))
