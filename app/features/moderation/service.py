"""The functions that other features use to mark contact details in texts."""

from collections.abc import Iterable

from app.core.i18n import _
from app.features.moderation.rules import detect_contacts
from app.features.moderation.schemas import CONTACT_LABELS, ContactKind

__all__ = ["describe_contacts", "detect_contacts"]


def describe_contacts(marks: Iterable[ContactKind]) -> str:
    """Return the labels of the kinds of contact details, in the reader's language, separated by commas."""
    return ", ".join(_(CONTACT_LABELS[mark]) for mark in marks)
