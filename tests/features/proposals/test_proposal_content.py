"""Content of proposals: milestones, answers, and cover letters sent to many customers."""

import pytest

from app.core.resources import Resources
from app.features.proposals import rules, service
from app.features.proposals.errors import InvalidProposalError, SimilarCoverLettersError
from app.features.proposals.schemas import Milestone, ProposalPatch
from tests.factories.orders import Market, rub

PLAN = [{"title": "Макет", "amount": 2_000_000, "days": 4}, {"title": "Вёрстка", "amount": 5_000_000, "days": 10}]


def test_milestones_make_up_the_price_and_fit_the_term() -> None:
    parts = [Milestone.model_validate(part) for part in PLAN]
    assert rules.validate_milestones([], 1, 1) == []
    assert rules.validate_milestones(parts, 7_000_000, 14) == []
    for price, days in ((7_000_001, 14), (6_999_999, 14), (7_000_000, 13)):
        assert [fault.loc for fault in rules.validate_milestones(parts, price, days)] == [("body", "milestones")]


async def test_a_plan_is_held_to_its_terms_through_edits(market: Market) -> None:
    freelancer = await market.person()
    order = await market.order()
    with pytest.raises(InvalidProposalError):
        await market.proposal(order, freelancer, milestones=PLAN, price=rub(69_999))
    proposal = await market.proposal(order, freelancer, milestones=PLAN)
    assert proposal.milestones == PLAN
    for wrong in ({"price": rub(1)}, {"term_days": 13}, {"milestones": PLAN[:1]}):
        with pytest.raises(InvalidProposalError):
            async with market.uow() as work:
                await service.edit_proposal(work, freelancer, proposal.id, ProposalPatch.model_validate(wrong))
    async with market.uow() as work:
        edited = await service.edit_proposal(work, freelancer, proposal.id, ProposalPatch(milestones=[], price=rub(1)))
        assert (edited.milestones, edited.price_amount) == ([], 100)


async def test_questions_are_answered_and_kept_as_they_read(market: Market, resources: Resources) -> None:
    customer, freelancer = await market.person(), await market.person()
    order = await market.order(customer, questions=["Когда начнёте?", "Что делали похожего?"])
    refusals: list[list[str]] = [[], ["Завтра"], ["Завтра", " "], ["Завтра", "Магазин", "И ещё"]]
    for answers in refusals:
        with pytest.raises(InvalidProposalError) as refused:
            await market.proposal(order, freelancer, answers=answers)
        assert refused.value.errors[0].loc[:2] == ("body", "answers")
    proposal = await market.proposal(order, freelancer, answers=["Завтра", "Магазин"])
    async with market.uow() as work:
        await service.edit_proposal(work, freelancer, proposal.id, ProposalPatch(answers=["Сегодня", "Магазин"]))
    async with resources.sessions() as session:
        read = await service.get_proposal(session, customer, proposal.id)
    assert [(pair.question, pair.answer) for pair in read.answers] == [
        ("Когда начнёте?", "Сегодня"),
        ("Что делали похожего?", "Магазин"),
    ]


COVER_LETTER = (
    "Здравствуйте, {name}! Я разработчик с опытом в десять лет, делаю сайты быстро и качественно, соблюдаю сроки, "
    "всегда на связи, показываю ход работы каждый день и правлю замечания без доплаты."
)


async def test_the_same_letter_goes_out_three_times_a_day(market: Market, resources: Resources) -> None:
    freelancer = await market.person()
    for name in ("Анна", "Борис", "Вера"):
        await market.proposal(await market.order(), freelancer, letter=COVER_LETTER.format(name=name))
    with pytest.raises(SimilarCoverLettersError) as refused:
        await market.proposal(await market.order(), freelancer, letter=COVER_LETTER.format(name="Глеб"))
    assert refused.value.errors[0].loc == ("body", "letter")
    await market.proposal(await market.order(), freelancer, letter="Видел ваш каталог: корзину начну с доставки.")
    await market.proposal(await market.order(), letter=COVER_LETTER.format(name="Глеб"))
    resources.settings = resources.settings.model_copy(update={"similar_letters_per_day": 4})
    await market.proposal(await market.order(), freelancer, letter=COVER_LETTER.format(name="Глеб"))
