"""Consumers of notifications about payments, withdrawals, refunds and corrections."""

from app.core.messaging.worker import consumer
from app.core.money import MINOR_DIGITS, Currency
from app.core.text.amounts import write_amount
from app.core.unit_of_work import UnitOfWork
from app.features.finance.events import AccountCorrected, CorrectionDecided
from app.features.identity import service as identity
from app.features.notifications import service
from app.features.payments import events as payments
from app.models.notification import NoticeKind
from app.models.user import Role


def _sum(amount: int, currency: str) -> str:
    """Return an amount as it can be read in every language: `140 000 RUB`, `99.50 USD`."""
    digits = MINOR_DIGITS[Currency(currency)]
    return f"{write_amount(amount, digits, grouped=True).removesuffix('.' + '0' * digits)}\u00a0{currency}"


@consumer("notifications.on_payment_received", payments.PaymentReceived)
async def on_payment_received(uow: UnitOfWork, event: payments.PaymentReceived, message_id: int) -> None:
    """Notify the payer that the money has arrived."""
    about = {"amount": _sum(event.amount, event.currency), "payment_id": event.payment_id}
    await service.notify(uow, event.user_id, NoticeKind.PAYMENT_RECEIVED, message_id, **about)


@consumer("notifications.on_payment_failed", payments.PaymentFailed)
async def on_payment_failed(uow: UnitOfWork, event: payments.PaymentFailed, message_id: int) -> None:
    """Notify the payer that no money was taken."""
    about = {"amount": _sum(event.amount, event.currency), "payment_id": event.payment_id}
    await service.notify(uow, event.user_id, NoticeKind.PAYMENT_FAILED, message_id, **about)


@consumer("notifications.on_payment_questioned", payments.PaymentQuestioned)
async def on_payment_questioned(uow: UnitOfWork, event: payments.PaymentQuestioned, message_id: int) -> None:
    """Notify the payer that another amount arrived."""
    about = {"amount": _sum(event.amount, event.currency), "payment_id": event.payment_id}
    await service.notify(uow, event.user_id, NoticeKind.PAYMENT_QUESTIONED, message_id, **about)


@consumer("notifications.on_payout_paid", payments.PayoutPaid)
async def on_payout_paid(uow: UnitOfWork, event: payments.PayoutPaid, message_id: int) -> None:
    """Notify the owner that the withdrawal was paid."""
    about = {"amount": _sum(event.amount, event.currency), "payout_id": event.payout_id}
    await service.notify(uow, event.user_id, NoticeKind.PAYOUT_PAID, message_id, **about)


@consumer("notifications.on_payout_failed", payments.PayoutFailed)
async def on_payout_failed(uow: UnitOfWork, event: payments.PayoutFailed, message_id: int) -> None:
    """Notify the owner that the money is in the wallet again."""
    about = {"amount": _sum(event.amount, event.currency), "place": f"/wallet/withdrawals/{event.payout_id}"}
    await service.notify(uow, event.user_id, NoticeKind.MONEY_BACK, message_id, **about)


@consumer("notifications.on_payout_returned", payments.PayoutReturned)
async def on_payout_returned(uow: UnitOfWork, event: payments.PayoutReturned, message_id: int) -> None:
    """Notify the owner that the bank sent the money back."""
    about = {"amount": _sum(event.amount, event.currency), "place": f"/wallet/withdrawals/{event.payout_id}"}
    await service.notify(uow, event.user_id, NoticeKind.MONEY_BACK, message_id, **about)


@consumer("notifications.on_cheque_annulled", payments.ChequeAnnulled)
async def on_cheque_annulled(uow: UnitOfWork, event: payments.ChequeAnnulled, message_id: int) -> None:
    """Notify the owner that the receipt was annulled."""
    about = {"amount": _sum(event.amount, event.currency), "payout_id": event.payout_id}
    await service.notify(uow, event.user_id, NoticeKind.CHEQUE_ANNULLED, message_id, **about)


@consumer("notifications.on_card_refund_paid", payments.CardRefundPaid)
async def on_card_refund_paid(uow: UnitOfWork, event: payments.CardRefundPaid, message_id: int) -> None:
    """Notify the payer that money was sent back to the card."""
    about = {"amount": _sum(event.amount, event.currency), "payment_id": event.payment_id}
    await service.notify(uow, event.user_id, NoticeKind.CARD_REFUND_PAID, message_id, **about)


@consumer("notifications.on_card_refund_failed", payments.CardRefundFailed)
async def on_card_refund_failed(uow: UnitOfWork, event: payments.CardRefundFailed, message_id: int) -> None:
    """Notify the payer that the money is in the wallet again."""
    about = {"amount": _sum(event.amount, event.currency), "place": f"/wallet/payments/{event.payment_id}"}
    await service.notify(uow, event.user_id, NoticeKind.MONEY_BACK, message_id, **about)


@consumer("notifications.on_withdrawal_waits", payments.WithdrawalWaits)
async def on_withdrawal_waits(uow: UnitOfWork, event: payments.WithdrawalWaits, message_id: int) -> None:
    """Notify everybody who may approve the withdrawal, except its owner."""
    about = {"amount": _sum(event.amount, event.currency), "withdrawal_id": event.withdrawal_id}
    for operator in await identity.people_with_roles(uow.session, (Role.FINANCE_APPROVER, Role.ADMIN)):
        if str(operator) != event.user_id:
            await service.notify(uow, str(operator), NoticeKind.WITHDRAWAL_TO_APPROVE, message_id, **about)


@consumer("notifications.on_withdrawal_approved", payments.WithdrawalApproved)
async def on_withdrawal_approved(uow: UnitOfWork, event: payments.WithdrawalApproved, message_id: int) -> None:
    """Notify the owner that the withdrawal is being paid out."""
    about = {"amount": _sum(event.amount, event.currency), "payout_id": event.payout_id}
    await service.notify(uow, event.user_id, NoticeKind.WITHDRAWAL_APPROVED, message_id, **about)


@consumer("notifications.on_withdrawal_given_back", payments.WithdrawalGivenBack)
async def on_withdrawal_given_back(uow: UnitOfWork, event: payments.WithdrawalGivenBack, message_id: int) -> None:
    """Notify the owner that the money is in the wallet again; the page of the withdrawal says why."""
    about = {"amount": _sum(event.amount, event.currency), "place": f"/wallet/withdrawals/{event.payout_id}"}
    await service.notify(uow, event.user_id, NoticeKind.MONEY_BACK, message_id, **about)


@consumer("notifications.on_correction_decided", CorrectionDecided)
async def on_correction_decided(uow: UnitOfWork, event: CorrectionDecided, message_id: int) -> None:
    """Notify who proposed the correction how it ended."""
    about = {"amount": _sum(event.amount, event.currency), "correction_id": event.correction_id}
    await service.notify(uow, event.proposed_by_id, NoticeKind(f"correction_{event.state}"), message_id, **about)


@consumer("notifications.on_account_corrected", AccountCorrected)
async def on_account_corrected(uow: UnitOfWork, event: AccountCorrected, message_id: int) -> None:
    """Notify the person whose wallet or debt was corrected."""
    sign = "+" if event.amount > 0 else "\N{MINUS SIGN}"
    about = {"amount": f"{sign}{_sum(abs(event.amount), event.currency)}"}
    await service.notify(uow, event.user_id, NoticeKind.ACCOUNT_CORRECTED, message_id, **about)
