"""Ways to be reached outside the site that a text seems to name: marked for whoever reads it, never refused."""

import re
from collections.abc import Iterable
from enum import StrEnum

from app.core.i18n import N_, _


class ContactMark(StrEnum):
    """A way to be reached that a text seems to name."""

    EMAIL = "email"
    PHONE = "phone"
    LINK = "link"
    MESSENGER = "messenger"


CONTACT_WORDS: dict[ContactMark, str] = {
    ContactMark.EMAIL: N_("an e-mail address"),
    ContactMark.PHONE: N_("a phone number"),
    ContactMark.LINK: N_("a link"),
    ContactMark.MESSENGER: N_("a messenger"),
}
# What a letter seems to say, never a proof: a mark is a line for the customer. No pattern repeats without a bound.
_CONTACTS: dict[ContactMark, re.Pattern[str]] = {
    ContactMark.EMAIL: re.compile(
        r"[\w.+-]{1,64}\s?(?:@|\(at\)|\[at\]|\(собака\)| собака )\s?[\w-]{1,63}"
        r"\s?(?:\.|\(dot\)| dot | точка )\s?[a-zа-я]{2,}",
        re.IGNORECASE,
    ),
    ContactMark.PHONE: re.compile(
        r"(?<![\w.,])(?:\+\s?\d|[78][\s(-]{0,3}[3-9]\d\d)(?:[\s().-]{0,3}\d){7,11}(?!\w)",
    ),
    ContactMark.LINK: re.compile(r"\b(?:https?://|www\.)\S|\b(?:t\.me|wa\.me|vk\.com|vk\.me)/\S", re.IGNORECASE),
    ContactMark.MESSENGER: re.compile(
        r"(?<![\w.@])@[a-z]\w{3,31}\b|\b(?:t\.me|wa\.me)/"
        r"|\b(?:telegram|телеграм\w{0,3}|телег[аеу]|what[s]\s?app|в[оа]тс\s?ап\w?|viber|вайбер\w?|skype|скайп\w?|signal)\b"
        r"|\b(?:тг|tg)\s?[:@-]",
        re.IGNORECASE,
    ),
}


def contacts_in(letter: str) -> list[ContactMark]:
    """Return the ways to be reached that a letter seems to name, spelled-out ones too."""
    return [mark for mark, pattern in _CONTACTS.items() if pattern.search(letter)]


def contacts_in_words(marks: Iterable[ContactMark]) -> str:
    """Return what the other side seems to name, in one line."""
    return ", ".join(_(CONTACT_WORDS[mark]) for mark in marks)
