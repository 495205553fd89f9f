"""The example on the landing page: an order and three proposals that nobody really made."""

from dataclasses import dataclass

from app.core.i18n import _
from app.core.money import Currency, Money


@dataclass(frozen=True, slots=True)
class SceneProposal:
    """One line below the order."""

    name: str
    note: str
    price: Money
    days: int
    won: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """What the picture beside the headline shows."""

    budget: Money
    proposals: tuple[SceneProposal, ...]


def landing_scene() -> Scene:
    """Return the example in the reader's language."""

    def roubles(amount: int) -> Money:
        return Money(amount * 100, Currency.RUB)

    return Scene(
        roubles(150_000),
        (
            SceneProposal(_("Anna Kovaleva"), _("Shops and their back ends"), roubles(140_000), 21, won=True),
            SceneProposal(_("Timur Garayev"), _("Python, nine years"), roubles(165_000), 14),
            SceneProposal(_("Studio North"), _("Three people, design included"), roubles(150_000), 30),
        ),
    )
