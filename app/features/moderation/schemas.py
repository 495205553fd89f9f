"""What a text may be marked with."""

from enum import StrEnum

from app.core.i18n import N_


class ContactKind(StrEnum):
    """A way to be reached that a text seems to name."""

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
