"""Papers of a deal: which are issued when, to whom, what they say, and their signatures."""

import re
from collections.abc import Awaitable, Callable

import httpx
import pypdfium2
import pytest
from sqlalchemy import func, select, update

from app.core.actor import Actor
from app.core.ports import Mail
from app.core.resources import Resources
from app.features.authentication.service import Caller
from app.features.contracts import service
from app.features.contracts.schemas import ChangeOrderCreate, RefundAnswer, RefundAsk
from app.features.fees.schemas import FeePolicyInput
from app.features.fees.service import add_policy
from app.features.legal.schemas import LegalStatusPut
from app.features.legal.service import save_status
from app.features.notifications.tasks import send_mail
from app.features.papers import service as papers
from app.features.papers import workflows
from app.features.papers.errors import PaperNotFoundError, PaperNotToSignError, WrongSignCodeError
from app.models import DocumentSignature, DocumentSignCode, FeeSide, LegalKind, User
from tests.factories.commands import OPERATOR
from tests.factories.deals import DealScene, make_deal
from tests.factories.orders import Market
from tests.features.legal.test_rules import COMPANY, PERSON


async def numbers(scene: DealScene) -> tuple[list[str], list[str]]:
    """Return the numbers of the papers that the client and the freelancer read, oldest first."""
    found: list[list[str]] = []
    for actor in (scene.customer, scene.freelancer):
        async with scene.market.uow() as work:
            contract = await service.get_contract(work.session, actor, scene.contract_id)
        assert contract.deal is not None
        found.append([paper.number for paper in reversed(contract.deal.papers)])
    return found[0], found[1]


async def words(scene: DealScene, resources: Resources, number: str) -> str:
    """Return the text of a paper of the client."""
    await workflows.make_files(resources)
    async with scene.market.uow() as work:
        contract = await service.get_contract(work.session, scene.customer, scene.contract_id)
    assert contract.deal is not None
    key = next(paper.id for paper in contract.deal.papers if paper.number == number)
    file = await workflows.read_paper(resources, scene.customer, key)
    document = pypdfium2.PdfDocument(file.content)
    return " ".join(" ".join(page.get_textpage().get_text_range() for page in document).split())


async def test_papers_of_people_without_legal_details(market: Market, resources: Resources) -> None:
    scene = await make_deal(market)
    assert await numbers(scene) == (["C-2026-000001", "T-2026-000001"],) * 2
    await scene.submitted()
    async with market.uow() as work:
        await service.accept_milestone(work, scene.customer, scene.milestones[0], amount=1_000_000)
    await scene.start(1)
    async with market.uow() as work:
        await service.return_money(work, scene.freelancer, scene.milestones[1])
    both = ["C-2026-000001", "T-2026-000001", "A-2026-000001"]
    client, freelancer = await numbers(scene)
    assert freelancer == both
    assert client == [*both[:2], "R-2026-000001", both[2], "R-2026-000002", "N-2026-000001"]
    assert "10 000,00 RUB" in await words(scene, resources, "A-2026-000001")
    assert "К договору C-2026-000001" in await words(scene, resources, "A-2026-000001")
    assert "R-2026-000002" in await words(scene, resources, "N-2026-000001")


@pytest.fixture(name="company")
def statuses_of_both(market: Market) -> Callable[[DealScene], Awaitable[None]]:
    """Make the client of a deal a company and the freelancer self-employed."""

    async def save(scene: DealScene) -> None:
        people = (
            (scene.customer, LegalKind.COMPANY, COMPANY),
            (scene.freelancer, LegalKind.SELF_EMPLOYED, PERSON),
        )
        for actor, kind, fields in people:
            async with market.uow() as work:
                command = LegalStatusPut(kind=kind, country="RU", fields=fields, version=0)
                await save_status(work, actor, command, Caller())

    return save


async def test_a_company_gets_invoices_and_fees_are_invoiced(
    market: Market, resources: Resources, company: Callable[[DealScene], Awaitable[None]]
) -> None:
    async with market.uow() as work:
        for side, rate in ((FeeSide.CUSTOMER, 500), (FeeSide.FREELANCER, 1000)):
            await add_policy(work, OPERATOR, FeePolicyInput(side=side, rate_bp=rate), reason="test")
    scene = await make_deal(market)
    await company(scene)
    await scene.submitted()
    async with market.uow() as work:
        await service.accept_milestone(work, scene.customer, scene.milestones[0])
    client, freelancer = await numbers(scene)
    assert client[2:] == ["I-2026-000001", "R-2026-000001", "A-2026-000001", "I-2026-000002"]
    assert freelancer[2:] == ["A-2026-000001", "I-2026-000003"]
    deposit = await words(scene, resources, "I-2026-000001")
    assert "31 500,00 RUB" in deposit
    assert COMPANY["legal_name"] in deposit
    assert "1 500,00 RUB" in await words(scene, resources, "I-2026-000002")


async def test_the_invoice_of_a_release_states_the_fee_that_was_taken(
    market: Market, company: Callable[[DealScene], Awaitable[None]]
) -> None:
    """The least fee was taken from the bonus, so the release costs nothing more."""
    async with market.uow() as work:
        policy = FeePolicyInput(side=FeeSide.FREELANCER, rate_bp=100, minimum=50_000)
        await add_policy(work, OPERATOR, policy, reason="test")
    scene = await make_deal(market, paid=10_000_000)
    await company(scene)
    await scene.submitted()
    async with market.uow() as work:
        await service.pay_bonus(work, scene.customer, scene.milestones[0], 1_000_000)
    async with market.uow() as work:
        await service.accept_milestone(work, scene.customer, scene.milestones[0], amount=2_000_000)
    assert (await numbers(scene))[1][2:] == ["A-2026-000001"]
    async with market.uow() as work:
        await service.accept_milestone(work, scene.customer, scene.milestones[0])
    assert (await numbers(scene))[1][2:] == ["A-2026-000001", "A-2026-000002"]


async def test_a_signed_change_replaces_the_task_and_papers_the_difference(
    market: Market, resources: Resources
) -> None:
    scene = await make_deal(market)
    await scene.fund()
    fields = {"id": scene.milestones[0], "title": "Smaller", "amount": 1, "days": 1, "checklist": ["Only this"]}
    command = ChangeOrderCreate.model_validate({"changes": [fields]})
    async with market.uow() as work:
        order = await service.propose_change(work, scene.customer, scene.contract_id, command)
    async with market.uow() as work:
        await service.answer_change(work, scene.freelancer, order.id, agree=True)
    async with market.uow() as work:
        ask = RefundAsk(version=3, reason="No work is needed")
        await service.ask_refund(work, scene.customer, scene.milestones[0], ask)
    async with market.uow() as work:
        await service.answer_refund(work, scene.freelancer, scene.milestones[0], RefundAnswer(version=4, agree=True))
    client, _freelancer = await numbers(scene)
    assert client[2:] == ["R-2026-000001", "N-2026-000001", "T-2026-000002", "N-2026-000002"]
    task = await words(scene, resources, "T-2026-000002")
    assert "Исправляет документ T-2026-000001" in task
    assert "Only this" in task


async def test_papers_are_read_by_those_whom_they_concern(
    market: Market, resources: Resources, new_client: Callable[[], Awaitable[httpx.AsyncClient]]
) -> None:
    scene = await make_deal(market)
    await scene.fund()
    customer = await market.sign_in(await new_client(), scene.customer)
    page = f"/contracts/{scene.contract_id}"
    assert "being made" in (await customer.get(page)).text
    papers = (await customer.get(f"/api/v1{page}")).json()["deal"]["papers"]
    receipt = papers[0]
    assert (receipt["number"], receipt["kind_words"], receipt["sha256"]) == (
        "R-2026-000001",
        "Receipt of payment",
        None,
    )
    early = await customer.get(f"/api/v1/papers/{receipt['id']}/file")
    assert (early.status_code, early.json()["code"]) == (409, "paper-being-made")
    assert await workflows.make_files(resources) == 3
    assert f"/papers/{receipt['id']}" in (await customer.get(page)).text
    for address in (f"/papers/{receipt['id']}", f"/api/v1/papers/{receipt['id']}/file"):
        answer = await customer.get(address)
        assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")
        assert 'filename="R-2026-000001.pdf"' in answer.headers["content-disposition"]
    with pytest.raises(PaperNotFoundError):
        await workflows.read_paper(resources, scene.freelancer, receipt["id"])


async def confirm_email(market: Market, actor: Actor) -> None:
    """Confirm the e-mail address of an account."""
    async with market.uow() as work:
        await work.session.execute(update(User).where(User.id == actor.id).values(email_confirmed_at=func.now()))


async def test_both_parties_sign_by_a_code_that_is_bound_to_the_file(
    market: Market,
    resources: Resources,
    new_client: Callable[[], Awaitable[httpx.AsyncClient]],
    settle: Callable[[], Awaitable[object]],
    mailbox: list[Mail],
) -> None:
    scene = await make_deal(market)
    await settle()
    customer = await market.sign_in(await new_client(), scene.customer)
    address = f"/api/v1/contracts/{scene.contract_id}"
    key = (await customer.get(address)).json()["deal"]["papers"][-1]["id"]
    paper, page = f"/api/v1/papers/{key}", f"/papers/{key}/sign"
    assert (await customer.post(f"{paper}/sign-code")).json()["code"] == "paper-being-made"
    assert "being made" in (await customer.get(page)).text
    await workflows.make_files(resources)
    assert (await customer.post(f"{paper}/sign-code")).json()["code"] == "no-email-to-sign"
    for actor in (scene.customer, scene.freelancer):
        await confirm_email(market, actor)
    assert (await customer.post(f"{paper}/sign", json={"code": "000000"})).json()["code"] == "wrong-sign-code"
    await customer.post(f"{paper}/sign-code")
    assert (await customer.post(f"{paper}/sign-code")).status_code == 204
    await settle()
    await send_mail(resources)
    (mail,) = [it for it in mailbox if "C-2026-000001" in it.subject]
    code, sha256 = re.search(r"(?<![-\w])(\d{6})\b", mail.text), re.search(r"\b([0-9a-f]{64})\b", mail.text)
    assert code is not None
    assert sha256 is not None
    wrong = f"{(int(code[1]) + 1) % 10**6:06d}"
    assert (await customer.post(f"{paper}/sign", json={"code": wrong})).json()["code"] == "wrong-sign-code"
    assert (await customer.post(f"{paper}/sign", json={"code": code[1]})).status_code == 204
    assert (await customer.post(f"{paper}/sign", json={"code": code[1]})).json()["code"] == "paper-not-to-sign"
    deal = (await customer.get(address)).json()["deal"]
    (signature,) = deal["papers"][-1]["signatures"]
    assert (signature["side"], signature["sha256"]) == ("client", deal["papers"][-1]["sha256"])
    assert signature["sha256"] == sha256[1]
    assert not deal["papers"][-1]["can_sign"]
    line = deal["timeline"][0]
    assert (line["event"], line["note"]) == ("paper_signed", f"C-2026-000001, SHA-256 {sha256[1]}")
    await sign_by_clicks(market, scene, await new_client(), key)


async def sign_by_clicks(market: Market, scene: DealScene, client: httpx.AsyncClient, key: str) -> None:
    """Sign a paper on the pages, as the freelancer."""
    freelancer = await market.sign_in(client, scene.freelancer)
    home, page = f"/contracts/{scene.contract_id}", f"/papers/{key}/sign"
    assert page in (await freelancer.get(home)).text
    assert "SHA-256" in (await freelancer.get(page)).text
    sent = await freelancer.post(f"/papers/{key}/sign-code")
    assert (sent.status_code, sent.headers["location"]) == (303, page)
    assert (await freelancer.post(page, data={"code": "1"})).headers["location"] == page
    async with market.uow() as work:
        found = select(DocumentSignCode.id).where(DocumentSignCode.user_id == scene.freelancer.id)
        code_id = (await work.session.execute(found)).scalar_one()
        message = await papers.sign_message(work.session, work.resources.settings, code_id)
    assert message is not None
    assert (await freelancer.post(page, data={"code": message.code})).headers["location"] == home
    shown = (await freelancer.get(home)).text
    assert "signed by the client" in shown
    assert "signed by the freelancer" in shown
    async with market.uow() as work:
        made = (await work.session.execute(select(DocumentSignature))).scalars().all()
        assert {it.user_id for it in made} == {scene.customer.id, scene.freelancer.id}
        assert all(it.ip for it in made)


async def test_who_signs_nothing_is_refused_and_codes_are_guessed_five_times(
    market: Market, resources: Resources
) -> None:
    scene = await make_deal(market)
    await confirm_email(market, scene.customer)
    await scene.fund()
    await workflows.make_files(resources)
    async with market.uow() as work:
        contract, _task, receipt = await papers.list_of_contract(work.session, scene.contract_id)
        with pytest.raises(PaperNotToSignError):
            await service.send_sign_code(work, scene.customer, receipt.document.id)
        with pytest.raises(PaperNotFoundError):
            await service.sign_paper(work, scene.customer, scene.contract_id, "1", Caller())
        with pytest.raises(PaperNotFoundError):
            await service.sign_paper(work, await market.person(), contract.document.id, "1", Caller())
        await service.send_sign_code(work, scene.customer, contract.document.id)
        code_id = (await work.session.execute(select(DocumentSignCode.id))).scalar_one()
        message = await papers.sign_message(work.session, work.resources.settings, code_id)
        assert message is not None
        for guess in ("1", "2", "3", "4", "5", message.code):
            with pytest.raises(WrongSignCodeError):
                await service.sign_paper(work, scene.customer, contract.document.id, guess, Caller("127.0.0.1"))
