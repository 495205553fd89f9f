"""What a text may be marked with."""

from enum import StrEnum

from app.core.i18n import N_


class ContactMark(StrEnum):
    """A way to be reached that a text seems to name."""

    EMAIL = "email"
    PHONE = "phone"
    LINK = "link"
    MESSENGER = "messenger"


CONTACT_LABELS: dict[ContactMark, str] = {
    ContactMark.EMAIL: N_("an e-mail address"),
    ContactMark.PHONE: N_("a phone number"),
    ContactMark.LINK: N_("a link"),
    ContactMark.MESSENGER: N_("a messenger"),
}
