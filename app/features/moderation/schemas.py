"""Kinds of contact details and their labels."""

from enum import StrEnum

from app.core.i18n import N_


class ContactKind(StrEnum):
    """A kind of contact details that a text seems to contain."""

    EMAIL = "email"
    PHONE = "phone"
    LINK = "link"
    MESSENGER = "messenger"


CONTACT_LABELS: dict[ContactKind, str] = {
    ContactKind.EMAIL: N_("an e-mail address"),
    ContactKind.PHONE: N_("a phone number"),
    ContactKind.LINK: N_("a link"),
    ContactKind.MESSENGER: N_("a messenger"),
}
