"""Detection of contact details in texts. Texts are marked for the reader and never rejected."""

import re

from app.features.moderation.schemas import ContactKind

# A match is a hint for the reader, not a proof. Repetitions are bounded, so that no text makes matching slow. Pages
# search all their texts, so one character before the sign is enough for an address, and the name of a messenger is
# tried only where a first letter of one stands.
_CONTACTS: dict[ContactKind, re.Pattern[str]] = {
    ContactKind.EMAIL: re.compile(
        r"[\w.+-]\s?(?:@|\(at\)|\[at\]|\(собака\)| собака )\s?[\w-]{1,63}"
        r"\s?(?:\.|\(dot\)| dot | точка )\s?[a-zа-я]{2,}",
        re.IGNORECASE,
    ),
    ContactKind.PHONE: re.compile(
        r"(?<![\w.,])(?:\+\s?\d|[78][\s(-]{0,3}[3-9]\d\d)(?:[\s().-]{0,3}\d){7,11}(?!\w)",
    ),
    ContactKind.LINK: re.compile(r"\b(?:https?://|www\.)\S|\b(?:t\.me|wa\.me|vk\.com|vk\.me)/\S", re.IGNORECASE),
    ContactKind.MESSENGER: re.compile(
        r"(?=[@tтwвvsс])(?:(?<![\w.@])@[a-z]\w{3,31}\b|\b(?:t\.me|wa\.me)/"
        r"|\b(?:telegram|телеграм\w{0,3}|телег[аеу]|what[s]\s?app|в[оа]тс\s?ап\w?|viber|вайбер\w?|skype|скайп\w?|signal)\b"
        r"|\b(?:тг|tg)\s?[:@-])",
        re.IGNORECASE,
    ),
}


def detect_contacts(text: str) -> list[ContactKind]:
    """Return the kinds of contact details that the text seems to contain, including spelled-out ones."""
    return [mark for mark, pattern in _CONTACTS.items() if pattern.search(text)]
