"""An account is not closed over its money and contracts, and a ban of the client does not hold up earned money."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from sqlalchemy import update

from app.core.actor import Actor
from app.core.i18n import use_locale
from app.core.money import Currency, Money
from app.features.authentication.service import Caller
from app.features.contracts import service
from app.features.contracts.errors import FreelancerGoneError
from app.features.contracts.schemas import ChangesRequest, LineFault, RefundAsk
from app.features.identity import service as identity
from app.features.identity.errors import AccountInUseError
from app.features.payments import service as payments
from app.models import AccountKind, CardRefund, MilestoneStatus, PaymentState, TimerKind, User
from app.models.user import UserStatus
from tests.factories.commands import OPERATOR
from tests.factories.deals import DealScene, make_deal, pay_into_wallet
from tests.factories.orders import Market
from tests.factories.users import PASSWORD

type MakeClient = Callable[[], Awaitable[httpx.AsyncClient]]
PRICE = 3_000_000


async def refusal(scene: DealScene, *, freelancer: bool = False) -> str:
    """Try to close the account of a party; return why not, empty where it is closed. Nothing of it is kept."""
    return await refusal_of(scene.market, scene.freelancer if freelancer else scene.customer)


async def refusal_of(market: Market, person: Actor) -> str:
    """Do the same with the account of anybody."""
    async with market.uow() as work:
        try:
            with use_locale("en"):
                await identity.deactivate(work, person.id, Caller())
        except AccountInUseError as refused:
            return str(refused.params["reasons"])
        finally:
            await work.session.rollback()
    return ""


async def test_open_contracts_and_money_keep_an_account_open(market: Market) -> None:
    scene = await make_deal(market, paid=PRICE)
    for freelancer in (False, True):
        assert "1 contract that has not ended" in await refusal(scene, freelancer=freelancer)
    assert "30000 RUB in your wallet" in await refusal(scene)
    await scene.submitted()
    assert "wallet" not in await refusal(scene)
    async with market.uow() as work:
        await service.accept_milestone(work, scene.customer, scene.milestones[0])
    async with market.uow() as work:
        await service.end_contract(work, scene.customer, scene.contract_id)
    assert await refusal(scene) == ""
    earned = await refusal(scene, freelancer=True)
    assert "30000 RUB is in its security period" in earned
    assert "contract" not in earned
    await scene.sweep(TimerKind.SECURITY)
    assert "30000 RUB in your wallet" in await refusal(scene, freelancer=True)


async def test_payments_and_refunds_on_their_way_keep_an_account_open(market: Market) -> None:
    person = await market.person()
    async with market.uow() as work:
        paid = await payments.begin_payment(work, person, Money(PRICE, Currency.RUB))
    assert await refusal_of(market, person) == "A payment has not ended yet: wait until it has."
    async with market.uow() as work:
        paid.state = PaymentState.PAID
        work.session.add(paid)
        back = CardRefund(payment_id=paid.id, user_id=person.id, provider="sandbox", currency="RUB", amount=100)
        work.session.add(back)
    assert await refusal_of(market, person) == "1 RUB is on its way to your card: wait until it has arrived."


async def test_the_api_and_the_page_say_what_to_finish_first(market: Market, new_client: MakeClient) -> None:
    person = await market.person(with_password=True)
    client = await market.sign_in(await new_client(), person)
    async with market.uow() as work:
        await pay_into_wallet(work, person, 12_345)
    answer = await client.post("/api/v1/auth/deactivate", json={"password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (409, "account-in-use")
    assert "123.45 RUB in your wallet: withdraw it" in answer.json()["detail"]
    fields = {"current_password": PASSWORD, "csrf_token": client.headers["X-CSRF-TOKEN"]}
    page = await client.post("/settings/security/close", data=fields)
    assert page.status_code == 409
    assert "123.45 RUB in your wallet: withdraw it" in page.text
    async with market.uow() as work:
        user = await work.session.get(User, person.id)
        assert user is not None
        assert user.status is UserStatus.ACTIVE


@pytest.mark.parametrize("status", [UserStatus.BANNED, UserStatus.DEACTIVATED])
async def test_nothing_is_paid_to_an_account_that_nobody_can_use(market: Market, status: UserStatus) -> None:
    scene = await make_deal(market)
    await scene.fund()
    async with market.uow() as work:
        await work.session.execute(update(User).where(User.id == scene.freelancer.id).values(status=status))
    before, (first, second) = await scene.wallet(scene.customer), scene.milestones
    async with market.uow() as work:
        with pytest.raises(FreelancerGoneError):
            await service.pay_bonus(work, scene.customer, first, 500)
        for pay in (service.fund_milestone, service.pay_milestone):
            with pytest.raises(FreelancerGoneError):
                await pay(work, scene.customer, second)
    assert await scene.wallet(scene.customer) == before


async def test_a_freelancer_who_is_banned_after_a_submission_does_not_hold_up_the_money(market: Market) -> None:
    scene = await make_deal(market)
    await scene.submitted()
    async with market.uow() as work:
        changes = ChangesRequest(version=4, lines=[LineFault(line=0, text="Prices")])
        await service.request_changes(work, scene.customer, scene.milestones[0], changes)
        await work.session.execute(update(User).where(User.id == scene.freelancer.id).values(status=UserStatus.BANNED))
    await scene.sweep(TimerKind.RESUBMIT)
    milestone, before = await scene.milestone(), await scene.wallet(scene.customer)
    async with market.uow() as work:
        command = RefundAsk(version=milestone.version, reason="Nobody is there")
        await service.ask_refund(work, scene.customer, milestone.id, command)
    await scene.sweep(TimerKind.REFUND_ANSWER)
    assert (await scene.milestone()).status is MilestoneStatus.REFUNDED
    assert await scene.wallet(scene.customer) == before + PRICE


@pytest.mark.parametrize("status", [UserStatus.BANNED, UserStatus.DEACTIVATED])
async def test_a_client_who_can_be_told_nothing_does_not_hold_up_earned_money(
    market: Market, status: UserStatus
) -> None:
    scene = await make_deal(market)
    await scene.submitted()
    async with market.uow() as work:
        if status is UserStatus.BANNED:
            await identity.ban(work, OPERATOR, scene.customer.id, reason="Spam")
        else:  # closed by an older release
            await work.session.execute(update(User).where(User.id == scene.customer.id).values(status=status))
    assert await scene.sweep() == 0, "the review has its full time"
    assert await scene.sweep(TimerKind.REVIEW) == 1
    assert (await scene.milestone()).status is MilestoneStatus.ACCEPTED
    await scene.sweep(TimerKind.SECURITY)
    assert await scene.wallet(scene.freelancer) == PRICE


async def test_a_banned_freelancer_keeps_what_was_earned(market: Market) -> None:
    scene = await make_deal(market)
    await scene.notify(await scene.submitted())
    async with market.uow() as work:
        await identity.ban(work, OPERATOR, scene.freelancer.id, reason="Spam")
    assert await scene.sweep(TimerKind.REVIEW) == 1
    await scene.sweep(TimerKind.SECURITY)
    assert await scene.holds(AccountKind.WALLET, scene.freelancer.id) == PRICE
