"""What can be done with conversations; whoever adds to one locks it, so that its messages stand in one order."""

from app.features.chat.service.reading import (
    conversation_of,
    count_unread,
    get_conversation,
    is_read,
    list_conversations,
    list_messages,
    present,
    words_of_other,
)
from app.features.chat.service.writing import mark_read, write, write_about

__all__ = [
    "conversation_of",
    "count_unread",
    "get_conversation",
    "is_read",
    "list_conversations",
    "list_messages",
    "mark_read",
    "present",
    "words_of_other",
    "write",
    "write_about",
]
