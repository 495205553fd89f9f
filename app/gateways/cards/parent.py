"""Has share pictures drawn, one at a time, so that the site itself never loads what draws them."""

import asyncio
import base64
import json
from dataclasses import asdict, dataclass

from app.core.errors import UnavailableError
from app.core.resources import ContextState, Resources
from app.gateways.processes import run_module

SECONDS = 10.0
MOST_WAITING = 16
KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareCard:
    """What stands on a picture of 1200 by 630 pixels; every text is in the language of the page."""

    title: str
    text: str = ""
    chips: tuple[str, ...] = ()
    corner: str = ""
    """What stands at the bottom on the right: a rate or a budget."""
    letters: str = ""
    """Stand for a person who has no face."""
    face: bytes | None = None
    """A square picture, WebP."""


class _Turns:
    """Lets one picture be drawn at a time, and few wait for it."""

    def __init__(self) -> None:
        self.waiting = 0
        self.turn = asyncio.Lock()


_TURNS = ContextState(lambda _resources: _Turns())


async def draw(resources: Resources, card: ShareCard, mark: str) -> bytes:
    """Return the picture as PNG; `mark` names its content, and what was drawn under it is kept for a day.

    Raises:
        UnavailableError: Too many wait already, or it could not be drawn.
    """
    key = f"share-card:{mark}"
    if kept := await resources.redis.get(key):
        return base64.b64decode(kept)
    turns = _TURNS.of(resources)
    if turns.waiting >= MOST_WAITING:
        raise UnavailableError
    turns.waiting += 1
    try:
        async with turns.turn:
            drawn = await _drawn(card)
    finally:
        turns.waiting -= 1
    await resources.redis.set(key, base64.b64encode(drawn).decode(), ex=KEPT_SECONDS)
    return drawn


async def _drawn(card: ShareCard) -> bytes:
    content = asdict(card) | {"face": base64.b64encode(card.face).decode() if card.face else None}
    drawn = await run_module("app.gateways.cards.child", sent=json.dumps(content).encode(), seconds=SECONDS)
    if not drawn:
        raise UnavailableError
    return drawn
