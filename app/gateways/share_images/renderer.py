"""Render share images one at a time in a subprocess, so that the site never loads the image libraries."""

import asyncio
import base64
import json
from dataclasses import asdict, dataclass

from redis.asyncio import Redis

from app.core.errors import UnavailableError
from app.core.resources import ContextState, Resources
from app.gateways.subprocesses import OutOfTimeError, run_module

SECONDS = 10.0
MAX_WAITING = 16
KEPT_SECONDS = 24 * 3600
KEPT_IMAGES = 500
"""About 30 MB: whoever asks for every order in every language must not fill Redis, which holds the tasks too."""
ORDER_OF_IMAGES = "share-cards"
"""A list of the keys of the cached images, the oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareCard:
    """The content of an image of 1200 by 630 pixels; all texts are in the language of the page."""

    title: str
    text: str = ""
    chips: tuple[str, ...] = ()
    corner: str = ""
    """The text at the bottom right: a rate or a budget."""
    letters: str = ""
    """Shown for a person without a photo."""
    face: bytes | None = None
    """A square photo in WebP."""


class _DrawingQueue:
    """Renders one image at a time and limits how many wait."""

    def __init__(self) -> None:
        self.waiting = 0
        self.turn = asyncio.Lock()


_TURNS = ContextState(lambda _resources: _DrawingQueue())


async def draw(resources: Resources, card: ShareCard, mark: str) -> bytes:
    """Return the image as PNG; `mark` identifies its content, and the result is cached for a day.

    Raises:
        UnavailableError: The queue is full, or rendering failed.
    """
    key = f"share-card:{mark}"
    if kept := await resources.redis.get(key):
        return base64.b64decode(kept)
    turns = _TURNS.of(resources)
    if turns.waiting >= MAX_WAITING:
        raise UnavailableError
    turns.waiting += 1
    try:
        async with turns.turn:
            drawn = await _drawn(card)
    finally:
        turns.waiting -= 1
    await _keep(resources.redis, key, drawn)
    return drawn


async def _keep(redis: Redis, key: str, drawn: bytes) -> None:
    """Cache an image; the oldest images make room for it."""
    await redis.set(key, base64.b64encode(drawn).decode(), ex=KEPT_SECONDS)
    count = await redis.rpush(ORDER_OF_IMAGES, key)
    await redis.expire(ORDER_OF_IMAGES, KEPT_SECONDS)
    while count > KEPT_IMAGES and (oldest := await redis.lpop(ORDER_OF_IMAGES)):
        await redis.delete(str(oldest))
        count -= 1


async def _drawn(card: ShareCard) -> bytes:
    content = asdict(card) | {"face": base64.b64encode(card.face).decode() if card.face else None}
    try:
        drawn = await run_module(
            "app.gateways.share_images.subprocess_main", sent=json.dumps(content).encode(), seconds=SECONDS
        )
    except OutOfTimeError as error:
        raise UnavailableError from error
    if not drawn:
        raise UnavailableError
    return drawn
