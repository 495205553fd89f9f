"""Event consumers and periodic tasks of notifications."""

from uuid import UUID

from app.core.messaging.worker import consumer, periodic
from app.core.resources import Resources
from app.core.unit_of_work import UnitOfWork
from app.features.authentication import events as authentication
from app.features.chat import events as chat
from app.features.contracts import events as contracts
from app.features.files import events as files
from app.features.identity import events as identity
from app.features.legal.events import LegalStatusChanged
from app.features.matching import events as matching
from app.features.notifications import rules, service, workflows
from app.features.orders import events as orders
from app.features.papers.events import SignCodeRequested
from app.features.profiles.events import ProfileRestored, ProfileTakenDown
from app.features.proposals import events as proposals
from app.features.reports import events as reports
from app.models.notification import NoticeKind


@consumer("notifications.on_email_confirmation_requested", identity.EmailConfirmationRequested)
async def on_email_confirmation_requested(
    uow: UnitOfWork, event: identity.EmailConfirmationRequested, message_id: int
) -> None:
    """E-mail the link and the code to the address of the challenge."""
    await service.mail_challenge(uow, event.user_id, event.challenge_id, message_id)


@consumer("notifications.on_password_reset_prepared", identity.PasswordResetPrepared)
async def on_password_reset_prepared(uow: UnitOfWork, event: identity.PasswordResetPrepared, message_id: int) -> None:
    """E-mail the link and the code where the account has an address."""
    await service.mail_challenge(uow, event.user_id, event.challenge_id, message_id)


@consumer("notifications.on_sign_code_requested", SignCodeRequested)
async def on_sign_code_requested(uow: UnitOfWork, event: SignCodeRequested, message_id: int) -> None:
    """E-mail the code that a paper is signed with."""
    await service.mail_only(uow, event.user_id, NoticeKind.SIGN_PAPER, message_id, sign_code_id=event.code_id)


@consumer("notifications.on_password_changed", identity.PasswordChanged)
async def on_password_changed(uow: UnitOfWork, event: identity.PasswordChanged, message_id: int) -> None:
    """Notify the owner."""
    await service.notify(uow, event.user_id, NoticeKind.PASSWORD_CHANGED, message_id)


@consumer("notifications.on_email_change_requested", identity.EmailChangeRequested)
async def on_email_change_requested(uow: UnitOfWork, event: identity.EmailChangeRequested, message_id: int) -> None:
    """Notify the owner, with an e-mail to the address that would be replaced."""
    kind = NoticeKind.EMAIL_CHANGE_REQUESTED
    await service.notify_elsewhere(uow, event.user_id, kind, message_id, to_address=event.old_email)


@consumer("notifications.on_email_changed", identity.EmailChanged)
async def on_email_changed(uow: UnitOfWork, event: identity.EmailChanged, message_id: int) -> None:
    """Notify the owner, with an e-mail to the address that was replaced."""
    kind = NoticeKind.EMAIL_CHANGED
    await service.notify_elsewhere(uow, event.user_id, kind, message_id, to_address=event.old_email)


@consumer("notifications.on_phone_changed", identity.PhoneChanged)
async def on_phone_changed(uow: UnitOfWork, event: identity.PhoneChanged, message_id: int) -> None:
    """Notify the owner."""
    await service.notify(uow, event.user_id, NoticeKind.PHONE_CHANGED, message_id)


@consumer("notifications.on_legal_status_changed", LegalStatusChanged)
async def on_legal_status_changed(uow: UnitOfWork, event: LegalStatusChanged, message_id: int) -> None:
    """Notify the owner: papers and payouts will be made out to these details."""
    await service.notify(uow, event.user_id, NoticeKind.LEGAL_STATUS_CHANGED, message_id)


@consumer("notifications.on_contact_lost", identity.ContactLost)
async def on_contact_lost(uow: UnitOfWork, event: identity.ContactLost, message_id: int) -> None:
    """Notify the owner on the site, the only way that is left."""
    await service.notify(uow, event.user_id, NoticeKind.CONTACT_LOST, message_id)


@consumer("notifications.on_new_device_signed_in", authentication.NewDeviceSignedIn)
async def on_new_device_signed_in(uow: UnitOfWork, event: authentication.NewDeviceSignedIn, message_id: int) -> None:
    """Notify the owner."""
    await service.notify(uow, event.user_id, NoticeKind.NEW_DEVICE, message_id)


@consumer("notifications.on_session_replayed", authentication.SessionReplayed)
async def on_session_replayed(uow: UnitOfWork, event: authentication.SessionReplayed, message_id: int) -> None:
    """Notify the owner that a session may have been copied."""
    await service.notify(uow, event.user_id, NoticeKind.SESSION_REPLAYED, message_id)


@consumer("notifications.on_account_deactivated", identity.AccountDeactivated)
async def on_account_deactivated(uow: UnitOfWork, event: identity.AccountDeactivated, message_id: int) -> None:
    """Send a farewell e-mail; a deactivated account cannot read notifications."""
    await service.mail_only(uow, event.user_id, NoticeKind.ACCOUNT_DEACTIVATED, message_id)


@consumer("notifications.on_account_banned", identity.AccountBanned)
async def on_account_banned(uow: UnitOfWork, event: identity.AccountBanned, message_id: int) -> None:
    """E-mail the owner the reason and where to appeal; a banned account cannot read notifications."""
    await service.mail_only(uow, event.user_id, NoticeKind.ACCOUNT_BANNED, message_id, reason=event.reason)


@consumer("notifications.on_account_unbanned", identity.AccountUnbanned)
async def on_account_unbanned(uow: UnitOfWork, event: identity.AccountUnbanned, message_id: int) -> None:
    """E-mail the owner that the account is open again."""
    await service.mail_only(uow, event.user_id, NoticeKind.ACCOUNT_UNBANNED, message_id)


@consumer("notifications.on_file_refused", files.FileRefused)
async def on_file_refused(uow: UnitOfWork, event: files.FileRefused, message_id: int) -> None:
    """Notify the owner on the site only: they may have left the form before the file was checked."""
    about = {"file": event.name, "place": rules.PLACES.get(event.kind, "/notifications")}
    await service.notify(uow, event.owner_id, NoticeKind.FILE_REFUSED, message_id, **about)


@consumer("notifications.on_file_taken_down", files.FileTakenDown)
async def on_file_taken_down(uow: UnitOfWork, event: files.FileTakenDown, message_id: int) -> None:
    """Notify the owner, with the reason."""
    about = {"file": event.name, "reason": event.reason}
    await service.notify(uow, event.owner_id, NoticeKind.FILE_TAKEN_DOWN, message_id, **about)


@consumer("notifications.on_file_restored", files.FileRestored)
async def on_file_restored(uow: UnitOfWork, event: files.FileRestored, message_id: int) -> None:
    """Notify the owner."""
    await service.notify(uow, event.owner_id, NoticeKind.FILE_RESTORED, message_id, file=event.name)


@consumer("notifications.on_profile_taken_down", ProfileTakenDown)
async def on_profile_taken_down(uow: UnitOfWork, event: ProfileTakenDown, message_id: int) -> None:
    """Notify the owner of the profile or of the work, with the reason."""
    kind = NoticeKind.WORK_TAKEN_DOWN if event.work else NoticeKind.PROFILE_TAKEN_DOWN
    await service.notify(uow, event.owner_id, kind, message_id, work=event.work, reason=event.reason)


@consumer("notifications.on_profile_restored", ProfileRestored)
async def on_profile_restored(uow: UnitOfWork, event: ProfileRestored, message_id: int) -> None:
    """Notify the owner of the profile or of the work."""
    kind = NoticeKind.WORK_RESTORED if event.work else NoticeKind.PROFILE_RESTORED
    await service.notify(uow, event.owner_id, kind, message_id, work=event.work)


@consumer("notifications.on_proposal_sent", proposals.ProposalSent)
async def on_proposal_sent(uow: UnitOfWork, event: proposals.ProposalSent, message_id: int) -> None:
    """Notify the customer."""
    about = {"order_id": event.order_id, "person_id": event.freelancer_id}
    await service.notify(uow, event.customer_id, NoticeKind.PROPOSAL_RECEIVED, message_id, **about)


@consumer("notifications.on_proposal_withdrawn", proposals.ProposalWithdrawn)
async def on_proposal_withdrawn(uow: UnitOfWork, event: proposals.ProposalWithdrawn, message_id: int) -> None:
    """Notify the customer."""
    about = {"order_id": event.order_id, "person_id": event.freelancer_id}
    await service.mark_offers_ended(uow, event.customer_id, event.freelancer_id, event.order_id)
    await service.notify(uow, event.customer_id, NoticeKind.PROPOSAL_WITHDRAWN, message_id, **about)


@consumer("notifications.on_proposal_shortlisted", proposals.ProposalShortlisted)
async def on_proposal_shortlisted(uow: UnitOfWork, event: proposals.ProposalShortlisted, message_id: int) -> None:
    """Notify the freelancer on the site only."""
    about = {"order_id": event.order_id, "person_id": event.customer_id}
    await service.notify(uow, event.freelancer_id, NoticeKind.PROPOSAL_SHORTLISTED, message_id, **about)


@consumer("notifications.on_proposal_accepted", proposals.ProposalAccepted)
async def on_proposal_accepted(uow: UnitOfWork, event: proposals.ProposalAccepted, message_id: int) -> None:
    """Notify the chosen freelancer and, for the record, the customer; or only the customer whose offer was accepted."""
    if event.direct:
        return
    order = {"order_id": event.order_id}
    await service.mark_proposal_decided(uow, event.customer_id, event.freelancer_id, event.order_id)
    if event.by == "freelancer":
        kind = NoticeKind.OFFER_ACCEPTED
        await service.notify(uow, event.customer_id, kind, message_id, **order, person_id=event.freelancer_id)
        return
    kind = NoticeKind.PROPOSAL_ACCEPTED
    await service.notify(uow, event.freelancer_id, kind, message_id, **order, person_id=event.customer_id)
    kind = NoticeKind.ORDER_AWARDED
    await service.notify(uow, event.customer_id, kind, message_id, **order, person_id=event.freelancer_id)


@consumer("notifications.on_proposal_declined", proposals.ProposalDeclined)
async def on_proposal_declined(uow: UnitOfWork, event: proposals.ProposalDeclined, message_id: int) -> None:
    """Notify the freelancer, whether a person or a timer declined."""
    await service.mark_proposal_decided(uow, event.customer_id, event.freelancer_id, event.order_id)
    kind = NoticeKind.PROPOSAL_DECLINED
    await service.notify(uow, event.freelancer_id, kind, message_id, order_id=event.order_id)


def _about(event: proposals.EventOfOffer) -> dict[str, str]:
    return {"order_id": event.order_id, "offer_id": event.offer_id}


def _maker_and_reader(event: proposals.EventOfOffer) -> tuple[str, str]:
    """Return the ids of the person who made an offer and of the person who receives it."""
    if event.by == "customer":
        return event.customer_id, event.freelancer_id
    return event.freelancer_id, event.customer_id


@consumer("notifications.on_offer_made", proposals.OfferMade)
async def on_offer_made(uow: UnitOfWork, event: proposals.OfferMade, message_id: int) -> None:
    """Notify the recipient of the offer; a counter-offer answers one of theirs."""
    maker, reader = _maker_and_reader(event)
    await service.mark_offer_answered(uow, maker, reader, event.order_id)
    await service.notify(uow, reader, NoticeKind.OFFER_MADE, message_id, **_about(event), person_id=maker)


@consumer("notifications.on_offer_declined", proposals.OfferDeclined)
async def on_offer_declined(uow: UnitOfWork, event: proposals.OfferDeclined, message_id: int) -> None:
    """Notify the person whose offer was declined."""
    maker, reader = _maker_and_reader(event)
    await service.mark_offer_answered(uow, reader, maker, event.order_id)
    await service.notify(uow, maker, NoticeKind.OFFER_DECLINED, message_id, **_about(event), person_id=reader)


@consumer("notifications.on_offer_withdrawn", proposals.OfferWithdrawn)
async def on_offer_withdrawn(uow: UnitOfWork, event: proposals.OfferWithdrawn, message_id: int) -> None:
    """Notify the recipient of the offer."""
    maker, reader = _maker_and_reader(event)
    await service.notify(uow, reader, NoticeKind.OFFER_WITHDRAWN, message_id, **_about(event), person_id=maker)


@consumer("notifications.on_deal_moved", contracts.DealMoved)
async def on_deal_moved(uow: UnitOfWork, event: contracts.DealMoved, message_id: int) -> None:
    """Notify the party that did not act; both, where nobody did."""
    for reader in rules.readers_of_deal(event.event, event.side, event.customer_id, event.freelancer_id):
        about = {"order_id": event.order_id, "contract_id": event.contract_id, "event": event.event}
        await service.notify(uow, reader, NoticeKind.DEAL_MOVED, message_id, **about)


@consumer("notifications.on_review_waits", contracts.ReviewWaits)
async def on_review_waits(uow: UnitOfWork, event: contracts.ReviewWaits, message_id: int) -> None:
    """Notify the client that work waits for review, and record it: silence counts only after several messages."""
    await service.notify_of_review(uow, event, message_id)


@consumer("notifications.on_offer_ending", proposals.OfferExpiring)
async def on_offer_ending(uow: UnitOfWork, event: proposals.OfferExpiring, message_id: int) -> None:
    """Remind the recipient of the offer to answer."""
    maker, reader = _maker_and_reader(event)
    await service.notify(uow, reader, NoticeKind.OFFER_ENDING, message_id, **_about(event), person_id=maker)


@consumer("notifications.on_offer_lapsed", proposals.OfferLapsed)
async def on_offer_lapsed(uow: UnitOfWork, event: proposals.OfferLapsed, message_id: int) -> None:
    """Notify both sides."""
    maker, reader = _maker_and_reader(event)
    await service.notify(uow, maker, NoticeKind.OFFER_LAPSED, message_id, **_about(event), person_id=reader)
    await service.notify(uow, reader, NoticeKind.OFFER_MISSED, message_id, **_about(event), person_id=maker)


@consumer("notifications.on_order_edited", orders.OrderEdited)
async def on_order_edited(uow: UnitOfWork, event: orders.OrderEdited, message_id: int) -> None:
    """Notify the freelancers whose proposals are undecided."""
    await service.notify_undecided_freelancers(uow, event.order_id, message_id)


@consumer("notifications.on_order_closed", orders.OrderClosed)
async def on_order_closed(uow: UnitOfWork, event: orders.OrderClosed, message_id: int) -> None:
    """Notify the customer when the order expired."""
    if event.status == "expired":
        await service.notify(uow, event.customer_id, NoticeKind.ORDER_EXPIRED, message_id, order_id=event.order_id)


@consumer("notifications.on_order_held", orders.OrderHeld)
async def on_order_held(uow: UnitOfWork, event: orders.OrderHeld, message_id: int) -> None:
    """Notify the freelancers whose proposals are undecided and, with the reason, the customer of a removed order."""
    await service.notify_undecided_freelancers(uow, event.order_id, message_id, NoticeKind.ORDER_HELD)
    if event.cause == "operator":
        about = {"order_id": event.order_id, "reason": event.reason}
        await service.notify(uow, event.customer_id, NoticeKind.ORDER_TAKEN_DOWN, message_id, **about)


@consumer("notifications.on_order_released", orders.OrderReleased)
async def on_order_released(uow: UnitOfWork, event: orders.OrderReleased, message_id: int) -> None:
    """Notify the freelancers whose proposals are undecided, and the customer of an order that was removed."""
    await service.notify_undecided_freelancers(uow, event.order_id, message_id, NoticeKind.ORDER_RELEASED)
    if event.cause == "operator":
        kind = NoticeKind.ORDER_RESTORED
        await service.notify(uow, event.customer_id, kind, message_id, order_id=event.order_id)


@consumer("notifications.on_message_taken_down", chat.MessageTakenDown)
async def on_message_taken_down(uow: UnitOfWork, event: chat.MessageTakenDown, message_id: int) -> None:
    """Notify the author, with the reason."""
    about = {"conversation_id": event.conversation_id, "reason": event.reason}
    await service.notify(uow, event.author_id, NoticeKind.MESSAGE_TAKEN_DOWN, message_id, **about)


@consumer("notifications.on_message_restored", chat.MessageRestored)
async def on_message_restored(uow: UnitOfWork, event: chat.MessageRestored, message_id: int) -> None:
    """Notify the author."""
    about = {"conversation_id": event.conversation_id}
    await service.notify(uow, event.author_id, NoticeKind.MESSAGE_RESTORED, message_id, **about)


@consumer("notifications.on_message_written", chat.MessageSent)
async def on_message_written(uow: UnitOfWork, event: chat.MessageSent, message_id: int) -> None:
    """Notify the recipient, unless they have read the message already."""
    await service.notify_of_message(uow, event, message_id)


@consumer("notifications.on_conversation_seen", chat.ConversationSeen)
async def on_conversation_seen(uow: UnitOfWork, event: chat.ConversationSeen, _message_id: int) -> None:
    """Mark the notifications about a conversation as read."""
    await service.mark_messages_read(uow, UUID(event.reader_id), UUID(event.conversation_id))


@consumer("notifications.on_report_closed", reports.ReportClosed)
async def on_report_closed(uow: UnitOfWork, event: reports.ReportClosed, message_id: int) -> None:
    """Notify the reporter of the outcome, and the reported person of a decision against them or of its reversal."""
    about = {"report_id": event.report_id}
    if event.before == "open" or event.status != event.before:
        await service.notify(uow, event.reporter_id, NoticeKind.REPORT_CLOSED, message_id, **about)
    if event.status == "upheld":
        await service.notify(uow, event.reported_id, NoticeKind.REPORT_UPHELD, message_id, **about)
    elif event.before == "upheld":
        await service.notify(uow, event.reported_id, NoticeKind.REPORT_LIFTED, message_id, **about)


@consumer("notifications.on_orders_found", matching.SearchAlertDue)
async def on_orders_found(uow: UnitOfWork, event: matching.SearchAlertDue, message_id: int) -> None:
    """Notify the owner of the saved searches; the e-mail's content is loaded when it is sent."""
    about = {"letter_id": event.alert_email_id, "count": str(event.count)}
    await service.notify(uow, event.owner_id, NoticeKind.ORDERS_FOUND, message_id, **about)


@consumer("notifications.on_order_ending", orders.OrderExpiring)
async def on_order_ending(uow: UnitOfWork, event: orders.OrderExpiring, message_id: int) -> None:
    """Remind the customer that the order can be renewed."""
    await service.notify(uow, event.customer_id, NoticeKind.ORDER_ENDING, message_id, order_id=event.order_id)


@consumer("notifications.on_invitation_sent", orders.InvitationSent)
async def on_invitation_sent(uow: UnitOfWork, event: orders.InvitationSent, message_id: int) -> None:
    """Notify the invited freelancer."""
    about = {"order_id": event.order_id, "person_id": event.customer_id}
    await service.notify(uow, event.freelancer_id, NoticeKind.INVITATION_RECEIVED, message_id, **about)


@consumer("notifications.on_invitation_declined", orders.InvitationDeclined)
async def on_invitation_declined(uow: UnitOfWork, event: orders.InvitationDeclined, message_id: int) -> None:
    """Notify the customer who sent the invitation."""
    about = {"order_id": event.order_id, "person_id": event.freelancer_id}
    await service.notify(uow, event.customer_id, NoticeKind.INVITATION_DECLINED, message_id, **about)


@consumer("notifications.on_order_checked", orders.OrderModerated)
async def on_order_checked(uow: UnitOfWork, event: orders.OrderModerated, message_id: int) -> None:
    """Notify the customer of the operator's decision."""
    kind = NoticeKind.ORDER_APPROVED if event.outcome == "approved" else NoticeKind.ORDER_REJECTED
    await service.notify(uow, event.customer_id, kind, message_id, order_id=event.order_id)


@periodic(service.SEND_TASK)
async def send_mail(resources: Resources) -> None:
    """Send the e-mails that are due, one after the other."""
    await workflows.send_mail(resources)


@periodic("notifications.prune")
async def prune(resources: Resources) -> None:
    """Delete old notifications and e-mails in small transactions."""
    await workflows.prune(resources)
