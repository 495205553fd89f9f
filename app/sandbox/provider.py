"""The rules of the sandbox provider: payments, refunds, payouts, self-employed people, the statement."""

import json
import secrets
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from app.sandbox.books import Body, Books, moment
from app.sandbox.clock import VirtualClock
from app.sandbox.faults import Fault, FaultKind, FaultPlan
from app.sandbox.outcomes import PAYOUT_OUTCOMES, YEARLY_LIMIT
from app.sandbox.problems import Problem
from app.sandbox.requests import Destination, NewPayment, NewPayout, NewRefund, Person
from app.sandbox.webhooks import WebhookQueue

_MOVES = {("pending", "succeeded"), ("pending", "canceled"), ("succeeded", "returned")}
_SIGN = {"payment": 1, "refund": -1, "payout": -1}
_PREFIX = {"payment": "pmt", "refund": "rfd", "payout": "pyt"}
_DAY = 86_400
_EARLIEST = "0001"


class Provider:
    """Every change adds a version of the object, the movement of money and the message to the site together."""

    def __init__(self, books: Books, public_url: str) -> None:
        self.books = books
        self.clock = VirtualClock(books)
        self.faults = FaultPlan(books)
        self.webhooks = WebhookQueue(books, self.clock, self.faults)
        self._public_url = public_url

    # --- creating

    def create_payment(self, asked: NewPayment, fault: Fault | None = None) -> Body:
        """Open a payment that somebody pays on the hosted page."""
        made = self._new("payment", asked.reference, asked.amount, asked.currency, fault)
        made |= {
            "description": asked.description,
            "return_url": asked.return_url,
            "page_url": f"{self._public_url}/pay/{made['id']}",
            "expires_at": self.clock.text(later=asked.expires_in),
            "refunded": 0,
            "step": "card",
        }
        self._keep(made)
        self._later(made["id"], asked.expires_in, "canceled", "expired")
        return made

    def create_refund(self, asked: NewRefund, fault: Fault | None = None) -> Body:
        """Send money back to the payer of a payment."""
        payment = self.get("payment", asked.payment_id)
        if payment["status"] != "succeeded":
            raise Problem(422, "payment_not_paid", "Only a payment that succeeded can be refunded.")
        if payment["currency"] != asked.currency:
            raise Problem(422, "other_currency", "The payment has another currency.")
        waiting = self.books.refunds_waiting(payment["id"])
        if asked.amount > payment["amount"] - payment["refunded"] - waiting:
            raise Problem(422, "refund_exceeds_payment", "More than is left of the payment.")
        made = self._new("refund", asked.reference, asked.amount, asked.currency, fault)
        made["payment_id"] = payment["id"]
        enough = asked.amount <= self.available(asked.currency)
        return self._outgoing(made, "" if enough else "insufficient_funds", 0, fault)

    def create_payout(self, asked: NewPayout, fault: Fault | None = None) -> Body:
        """Send money to a person."""
        outcome = PAYOUT_OUTCOMES.get(asked.destination.card)
        made = self._new("payout", asked.reference, asked.amount, asked.currency, fault)
        made |= {
            "description": asked.description,
            "destination": {
                "kind": asked.destination.kind,
                "last4": asked.destination.card[-4:],
                "tax_id": asked.destination.tax_id,
            },
            "cheque": None,
        }
        reason = self._obstacle(asked) or (outcome.refused if outcome else "")
        made = self._outgoing(made, reason, outcome.delay if outcome else 0, fault)
        returned = outcome.returned_after if outcome else 0
        if fault is not None and fault.kind is FaultKind.PAYOUT_RETURNED:
            returned = fault.argument or _DAY
        if returned and made["status"] != "canceled":
            self._later(made["id"], returned, "returned", "returned_by_bank")
        return made

    def _obstacle(self, asked: NewPayout) -> str:
        """Return why the provider refuses a payout, empty if nothing stands against it."""
        if asked.destination.kind == "self_employed":
            person = self.person(asked.destination)
            if person.status == "lost":
                return "self_employed_status_lost"
            if not person.permission:
                return "permission_missing"
            if asked.currency == "RUB" and person.earned_this_year + asked.amount > YEARLY_LIMIT:
                return "yearly_limit"
        return "" if asked.amount <= self.available(asked.currency) else "insufficient_funds"

    def _new(self, kind: str, reference: str, amount: int, currency: str, fault: Fault | None) -> Body:
        if fault is not None and fault.kind is FaultKind.WRONG_AMOUNT:
            amount = max(1, amount + fault.argument)
        if fault is not None and fault.kind is FaultKind.WRONG_CURRENCY:
            currency = "EUR" if currency == "USD" else "USD"
        now = self.clock.text()
        return {
            "id": f"{_PREFIX[kind]}_{secrets.token_urlsafe(18)}",
            "kind": kind,
            "reference": reference,
            "amount": amount,
            "currency": currency,
            "status": "pending",
            "reason": "",
            "created_at": now,
            "changed_at": now,
        }

    def _outgoing(self, made: Body, reason: str, delay: int, fault: Fault | None) -> Body:
        if fault is not None and fault.kind is FaultKind.DELAYED:
            delay = fault.argument or _DAY
        self._keep(made)
        if reason:
            return self.change(made["id"], "canceled", reason)
        if delay:
            self._later(made["id"], delay, "succeeded", "")
            return made
        return self.change(made["id"], "succeeded")

    # --- reading

    def get(self, kind: str, object_id: str, *, age: int = 0) -> Body:
        """Return an object of one kind, or how it was `age` changes ago.

        Raises:
            Problem: There is none.
        """
        found = self.books.version(object_id, age=age)
        if found is None or found["kind"] != kind:
            raise Problem(404, "not_found", f"There is no such {kind}.")
        return found

    def available(self, currency: str) -> int:
        """Return the balance without what is on its way out."""
        return self.books.balance(currency, self.clock.text(later=1)) - self.books.leaving(currency)

    def statement(self, currency: str, since: datetime, until: datetime) -> Body:
        """Return the movements from a moment on, before another one, with both balances."""
        first, last = moment(since), moment(until)
        lines = [asdict(line) for line in self.books.operations(currency, first, last)]
        opening, closing = self.books.balance(currency, first), self.books.balance(currency, last)
        return {"currency": currency, "opening": opening, "closing": closing, "lines": lines}

    def books_hold(self) -> bool:
        """Tell whether the movements are those that the states of all objects demand."""
        wanted: dict[str, int] = {}
        for kind, sign in _SIGN.items():
            for each in self.books.newest(kind):
                if each["status"] == "succeeded":
                    wanted[each["currency"]] = wanted.get(each["currency"], 0) + sign * each["amount"]
        rows = self.books.connection.execute("SELECT currency, sum(amount) FROM operation GROUP BY currency")
        moved = {str(row[0]): int(row[1]) for row in rows}
        return all(wanted.get(name, 0) == moved.get(name, 0) for name in wanted | moved)

    # --- changing

    def change(self, object_id: str, status: str, reason: str = "") -> Body:
        """Move an object to another status, with its movement of money and its message.

        Raises:
            Problem: It cannot have this status any more.
        """
        body = self._existing(object_id)
        if (body["status"], status) not in _MOVES or (status == "returned" and body["kind"] != "payout"):
            raise Problem(422, f"already_{body['status']}", f"This {body['kind']} is already {body['status']}.")
        body |= {"status": status, "reason": reason, "changed_at": self.clock.text()}
        sign = _SIGN[body["kind"]]
        if status == "succeeded":
            self._succeed(body)
            self.books.post(body, body["kind"], sign * body["amount"], body["changed_at"])
        elif status == "returned":
            self.books.post(body, "payout_returned", -sign * body["amount"], body["changed_at"])
        return self.note(body, f"{body['kind']}.{status}")

    def _succeed(self, body: Body) -> None:
        if body["kind"] == "refund":
            payment = self.get("payment", body["payment_id"])
            self._keep(payment | {"refunded": payment["refunded"] + body["amount"], "changed_at": body["changed_at"]})
        elif body["kind"] == "payout" and body["destination"]["kind"] == "self_employed":
            tax_id = body["destination"]["tax_id"]
            person = self._person(tax_id)
            self.keep_person(
                tax_id, person.model_copy(update={"earned_this_year": person.earned_this_year + body["amount"]})
            )
            body["cheque"] = {"number": f"chq_{body['id']}", "status": "registered", "at": body["changed_at"]}

    def annul_cheque(self, object_id: str) -> Body:
        """Annul the receipt of a payout, as the person can in the tax register afterwards.

        Raises:
            Problem: There is no valid receipt.
        """
        body = self.get("payout", object_id)
        if body["cheque"] is None or body["cheque"]["status"] != "registered":
            raise Problem(422, "no_cheque", "This payout has no valid receipt.")
        body["cheque"] |= {"status": "annulled", "at": self.clock.text()}
        return self.note(body | {"changed_at": self.clock.text()}, "payout.cheque_annulled")

    def note(self, body: Body, event: str) -> Body:
        """Keep a changed object and tell the site."""
        self._keep(body)
        self.webhooks.add(event, body)
        return body

    def update_payment(self, body: Body, step: str) -> Body:
        """Keep at which step of the hosted page the payer is; the site hears nothing of it."""
        body = body | {"step": step, "changed_at": self.clock.text()}
        self._keep(body)
        return body

    def succeed_later(self, object_id: str, seconds: int) -> None:
        """Let a payment succeed after some time of the provider's clock."""
        self._later(object_id, seconds, "succeeded", "")

    def settle(self) -> int:
        """Do what is due by the clock, such as expiring payments; return how much that was."""
        rows = self.books.connection.execute(
            "SELECT seq, object_id, at, status, reason FROM due WHERE at <= ? ORDER BY at, seq", (self.clock.text(),)
        ).fetchall()
        for row in rows:
            with self.books.transaction():
                self.books.connection.execute("DELETE FROM due WHERE seq = ?", (row[0],))
                if (self._existing(row[1])["status"], row[3]) in _MOVES:
                    self.change(row[1], row[3], row[4])
        return len(rows)

    # --- self-employed people

    def person(self, destination: Destination) -> Person:
        """Return what is known of the person of a payout.

        Raises:
            Problem: The tax number is missing.
        """
        if destination.tax_id is None:
            raise Problem(422, "tax_id_missing", "A payout to a self-employed person needs the tax number.")
        return self._person(destination.tax_id)

    def find_person(self, tax_id: str) -> Body:
        """Return what is known of a self-employed person, with the limit of the year."""
        person = self._person(tax_id).model_dump(exclude={"zone", "year"})
        address = f"{self._public_url}/self-employed/{tax_id}"
        return {"tax_id": tax_id, "yearly_limit": YEARLY_LIMIT, "permission_url": address} | person

    def permit(self, tax_id: str, *, allowed: bool) -> None:
        """Let a self-employed person allow or forbid that receipts are registered."""
        self.keep_person(tax_id, self._person(tax_id).model_copy(update={"permission": allowed}))

    def keep_person(self, tax_id: str, person: Person) -> None:
        """Store what is known of a self-employed person."""
        self.books.connection.execute(
            "INSERT OR REPLACE INTO person (tax_id, body) VALUES (?, ?)",
            (tax_id, person.in_year(self.clock.now()).model_dump_json()),
        )

    def _person(self, tax_id: str) -> Person:
        row = self.books.connection.execute("SELECT body FROM person WHERE tax_id = ?", (tax_id,)).fetchone()
        person = Person.model_validate(json.loads(row[0])) if row else Person(permission=False)
        return person.in_year(self.clock.now())

    # --- parts

    def _existing(self, object_id: str) -> Body:
        found = self.books.version(object_id)
        if found is None:
            raise Problem(404, "not_found", "There is no such object.")
        return found

    def _keep(self, body: Body) -> None:
        self.books.record(body, body["changed_at"])

    def _later(self, object_id: str, seconds: int, status: str, reason: str) -> None:
        self.books.connection.execute(
            "INSERT INTO due (object_id, at, status, reason) VALUES (?, ?, ?, ?)",
            (object_id, self.clock.text(later=seconds), status, reason),
        )

    def find(self, reference: str, since: datetime | None, until: datetime | None) -> dict[str, Any]:
        """Return all objects with a reference that were created within a window; the list is complete."""
        first = moment(since) if since else _EARLIEST
        last = moment(until or self.clock.now() + timedelta(seconds=1))
        return {"complete": True, "objects": self.books.referenced(reference, first, last)}
