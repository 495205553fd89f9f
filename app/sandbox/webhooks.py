"""Messages of the sandbox provider to the site: signed, repeated with growing pauses, and spoiled by the fault plan."""

import json
import secrets
from dataclasses import dataclass
from typing import Any

import httpx
import structlog

from app.core.clock import real_now
from app.core.ids import new_id
from app.core.security.webhook_signatures import sign_webhook, webhook_secret
from app.sandbox.books import Body, Books
from app.sandbox.clock import VirtualClock
from app.sandbox.faults import Call, FaultKind, FaultPlan

log = structlog.get_logger()

BACK_OFF_SECONDS = (5, 30, 120, 600, 3600, 6 * 3600, 24 * 3600, 48 * 3600)
"""Pauses before the repetitions, by the provider's clock; after the last one the message is given up."""
SEND_SECONDS = 10.0
MAX_SECRETS = 3
_SECRETS = "webhook_secrets"
_FORGER = webhook_secret(b"a key that nobody has agreed on.")
_HTTP_OK = range(200, 300)


@dataclass(frozen=True, slots=True)
class Message:
    """One message that is due."""

    number: int
    id: str
    body: bytes
    attempts: int
    forged: bool


class WebhookQueue:
    """What the site is still to be told, and the secrets that sign it."""

    def __init__(self, books: Books, clock: VirtualClock, faults: FaultPlan) -> None:
        self._books = books
        self._clock = clock
        self._faults = faults

    def secrets(self) -> list[str]:
        """Return the active secrets, the newest first."""
        kept: list[str] = json.loads(self._books.setting(_SECRETS, "[]"))
        return kept

    def add_secret(self, secret: str | None = None) -> str:
        """Add a secret; messages are signed with all active ones, and at most three are active."""
        added = secret or webhook_secret(secrets.token_bytes(32))
        kept = [added, *(each for each in self.secrets() if each != added)][:MAX_SECRETS]
        self._books.keep_setting(_SECRETS, json.dumps(kept))
        return added

    def retire_secrets(self) -> None:
        """Keep the newest secret alone."""
        self._books.keep_setting(_SECRETS, json.dumps(self.secrets()[:1]))

    def add(self, event: str, body: Body) -> None:
        """Queue the message of an event, unless the fault plan spoils it."""
        fault = self._faults.take(Call.WEBHOOK)
        kind = fault.kind if fault else None
        message_id = f"msg_{new_id()}"
        content = json.dumps({"type": event, "timestamp": body["changed_at"], "data": body})
        if kind is FaultKind.WEBHOOK_FORGED:
            claim = json.dumps({"type": event, "data": body | {"status": "succeeded", "amount": body["amount"] * 10}})
            self._queue(f"msg_{new_id()}", claim, "waiting", forged=True)
        state = {FaultKind.WEBHOOK_LOST: "lost", FaultKind.WEBHOOK_OUT_OF_ORDER: "held"}
        late = (fault.argument or 3600) if fault and kind is FaultKind.WEBHOOK_LATE else 0
        for _copy in range(2 if kind is FaultKind.WEBHOOK_DOUBLED else 1):
            self._queue(message_id, content, state.get(kind, "waiting") if kind else "waiting", late=late)

    def _queue(self, message_id: str, content: str, state: str, *, late: int = 0, forged: bool = False) -> None:
        self._books.connection.execute(
            "INSERT INTO message (id, body, due, state, forged) VALUES (?, ?, ?, ?, ?)",
            (message_id, content, self._clock.text(later=late), state, int(forged)),
        )

    def due(self) -> list[Message]:
        """Return the messages to send now, in the order in which they are due."""
        rows = self._books.connection.execute(
            "SELECT seq, id, body, attempts, forged FROM message WHERE state = 'waiting' AND due <= ?"
            " ORDER BY due, seq LIMIT 50",
            (self._clock.text(),),
        )
        return [Message(row[0], row[1], str(row[2]).encode(), row[3], bool(row[4])) for row in rows]

    def headers(self, message: Message) -> dict[str, str]:
        """Return the headers of one attempt; its time is the real one, because it only limits repetition by others."""
        sent = str(int(real_now().timestamp()))
        keys = [_FORGER] if message.forged else self.secrets()
        signatures = " ".join(sign_webhook(key, message.id, sent, message.body) for key in keys)
        return {
            "content-type": "application/json",
            "webhook-id": message.id,
            "webhook-timestamp": sent,
            "webhook-signature": signatures,
        }

    def note(self, message: Message, *, taken: bool) -> None:
        """Keep the outcome of an attempt; what was held back follows the next message that arrives."""
        attempts = message.attempts + 1
        if taken or message.forged:
            state, pause = "delivered", 0
        elif attempts > len(BACK_OFF_SECONDS):
            state, pause = "given_up", 0
        else:
            state, pause = "waiting", BACK_OFF_SECONDS[message.attempts]
        self._books.connection.execute(
            "UPDATE message SET state = ?, attempts = ?, due = ? WHERE seq = ?",
            (state, attempts, self._clock.text(later=pause), message.number),
        )
        if taken:
            self._books.connection.execute("UPDATE message SET state = 'waiting' WHERE state = 'held'")

    def listed(self) -> list[dict[str, Any]]:
        """Return all messages and what became of them."""
        rows = self._books.connection.execute("SELECT id, body, due, state, attempts, forged FROM message ORDER BY seq")
        return [
            {
                "id": row[0],
                "type": json.loads(row[1])["type"],
                "due": row[2],
                "state": row[3],
                "attempts": row[4],
                "forged": bool(row[5]),
            }
            for row in rows
        ]


class WebhookSender:
    """Sends what is due to the one address of the site."""

    def __init__(self, queue: WebhookQueue, url: str, host: str) -> None:
        self._queue = queue
        self._url = url
        self._host = {"host": host} if host else {}
        self._client = httpx.AsyncClient(timeout=SEND_SECONDS, trust_env=False)

    async def send_due(self) -> int:
        """Send every message that is due once; return how many were."""
        messages = self._queue.due()
        for message in messages:
            self._queue.note(message, taken=await self._send(message))
        return len(messages)

    async def _send(self, message: Message) -> bool:
        headers = self._queue.headers(message) | self._host
        try:
            answer = await self._client.post(self._url, content=message.body, headers=headers)
        except httpx.HTTPError as error:
            await log.ainfo("webhook_not_sent", message=message.id, error=type(error).__name__)
            return False
        return answer.status_code in _HTTP_OK

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
