"""Use cases of conversations. Adding a message locks the conversation, so that message numbers are consecutive."""

from app.features.chat.service.commands import mark_read, write, write_about
from app.features.chat.service.queries import (
    conversation_of,
    find_conversation,
    get_conversation,
    is_read,
    latest_texts_of_other,
    list_conversations,
    list_messages,
    open_conversation,
    read_sent,
    require_conversation,
    require_proposal,
    unread_conversations,
)
from app.features.chat.service.takedown import restore_message, take_down_message

__all__ = [
    "conversation_of",
    "find_conversation",
    "get_conversation",
    "is_read",
    "latest_texts_of_other",
    "list_conversations",
    "list_messages",
    "mark_read",
    "open_conversation",
    "read_sent",
    "require_conversation",
    "require_proposal",
    "restore_message",
    "take_down_message",
    "unread_conversations",
    "write",
    "write_about",
]
