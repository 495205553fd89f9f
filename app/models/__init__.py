"""All tables, imported once so that the metadata is complete."""

from app.core.audit import AuditEntry
from app.core.persistence.outbox import DeadLetter, InboxReceipt, OutboxMessage
from app.core.persistence.request_keys import RequestKey
from app.core.persistence.submissions import FormSubmission
from app.models.auth_challenge import AuthChallenge
from app.models.catalog import Category, Skill, SkillAlias
from app.models.chat import Conversation, Message
from app.models.contract import Contract
from app.models.cover_letter_template import CoverLetterTemplate
from app.models.customer_stats import CustomerStats
from app.models.document import Document, DocumentSeries, PaperKind
from app.models.fee_policy import FeePolicy, FeeSide, VolumeOf
from app.models.file import Attachment, File, FileObject, FileRefusal, FileStatus, ObjectRole, RefusalCause, SubjectKind
from app.models.invitation import Invitation, InvitationStatus, RefusalReason
from app.models.ledger import (
    AccountKind,
    LedgerAccount,
    LedgerAccountKind,
    LedgerBalance,
    LedgerCheckRun,
    LedgerCurrency,
    LedgerTransfer,
    LedgerTxn,
    LedgerUnsealed,
    TxnTemplate,
)
from app.models.legal_status import LegalKind, LegalStatus, LegalStatusKey, LegalStatusVersion, RegistryOutcome
from app.models.notification import MailMessage, Notification
from app.models.offer import Offer, OfferSide, OfferStatus
from app.models.order import (
    BudgetKind,
    CloseReason,
    Experience,
    Order,
    OrderAccessGrant,
    OrderRevision,
    OrderStatus,
    Visibility,
)
from app.models.order_template import OrderTemplate
from app.models.payment import (
    CardRefund,
    CardRefundState,
    CaseKind,
    OperationState,
    Payment,
    PaymentState,
    Payout,
    PayoutState,
    ProviderOperation,
    ReconciliationCase,
    WebhookMessage,
)
from app.models.profile import (
    Availability,
    Favourite,
    HiddenCustomer,
    PortfolioItem,
    Profile,
    ProfileSide,
    ProfileSkill,
    SkillLevel,
)
from app.models.proposal import DeclineReason, Proposal, ProposalRevision, ProposalStatus
from app.models.report import Report, ReportReason, ReportStatus, ReportSubject
from app.models.saved_search import (
    AlertEmail,
    AlertFrequency,
    AlertSettings,
    QueuedOrder,
    SavedSearch,
    ScheduledAlert,
    SearchMatch,
)
from app.models.search_term import SearchTerm
from app.models.security_event import SecurityEvent
from app.models.session import AuthSession
from app.models.sign_in_throttle import SignInThrottle
from app.models.user import User

__all__ = [
    "AccountKind",
    "AlertEmail",
    "AlertFrequency",
    "AlertSettings",
    "Attachment",
    "AuditEntry",
    "AuthChallenge",
    "AuthSession",
    "Availability",
    "BudgetKind",
    "CardRefund",
    "CardRefundState",
    "CaseKind",
    "Category",
    "CloseReason",
    "Contract",
    "Conversation",
    "CoverLetterTemplate",
    "CustomerStats",
    "DeadLetter",
    "DeclineReason",
    "Document",
    "DocumentSeries",
    "Experience",
    "Favourite",
    "FeePolicy",
    "FeeSide",
    "File",
    "FileObject",
    "FileRefusal",
    "FileStatus",
    "FormSubmission",
    "HiddenCustomer",
    "InboxReceipt",
    "Invitation",
    "InvitationStatus",
    "LedgerAccount",
    "LedgerAccountKind",
    "LedgerBalance",
    "LedgerCheckRun",
    "LedgerCurrency",
    "LedgerTransfer",
    "LedgerTxn",
    "LedgerUnsealed",
    "LegalKind",
    "LegalStatus",
    "LegalStatusKey",
    "LegalStatusVersion",
    "MailMessage",
    "Message",
    "Notification",
    "ObjectRole",
    "Offer",
    "OfferSide",
    "OfferStatus",
    "OperationState",
    "Order",
    "OrderAccessGrant",
    "OrderRevision",
    "OrderStatus",
    "OrderTemplate",
    "OutboxMessage",
    "PaperKind",
    "Payment",
    "PaymentState",
    "Payout",
    "PayoutState",
    "PortfolioItem",
    "Profile",
    "ProfileSide",
    "ProfileSkill",
    "Proposal",
    "ProposalRevision",
    "ProposalStatus",
    "ProviderOperation",
    "QueuedOrder",
    "ReconciliationCase",
    "RefusalCause",
    "RefusalReason",
    "RegistryOutcome",
    "Report",
    "ReportReason",
    "ReportStatus",
    "ReportSubject",
    "RequestKey",
    "SavedSearch",
    "ScheduledAlert",
    "SearchMatch",
    "SearchTerm",
    "SecurityEvent",
    "SignInThrottle",
    "Skill",
    "SkillAlias",
    "SkillLevel",
    "SubjectKind",
    "TxnTemplate",
    "User",
    "Visibility",
    "VolumeOf",
    "WebhookMessage",
]
