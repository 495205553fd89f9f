"""What other features ask about a text."""

from collections.abc import Iterable

from app.core.i18n import _
from app.features.moderation.rules import detect_contacts
from app.features.moderation.schemas import CONTACT_LABELS, ContactKind

__all__ = ["describe_contacts", "detect_contacts"]


def describe_contacts(marks: Iterable[ContactKind]) -> str:
    """Return the kinds of contact details as one line in the reader's language."""
    return ", ".join(_(CONTACT_LABELS[mark]) for mark in marks)
