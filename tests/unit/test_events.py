"""Events are stored under their first names, so that the previous release reads them and its rows are readable."""

import pytest

from app.core.events import UnreadableEventError
from app.features.chat.events import MessageSent
from app.features.matching.events import SearchAlertDue

MESSAGE = {
    "conversation_id": "c", "order_id": "o", "number": 3, "author_id": "a", "reader_id": "r", "tell": True,
}  # fmt: skip
ALERT = {"letter_id": "l", "owner_id": "o", "count": 2}


def test_rows_of_the_previous_release_are_readable() -> None:
    assert MessageSent.from_payload(MESSAGE).notify_reader is True
    assert SearchAlertDue.from_payload(ALERT) == SearchAlertDue(alert_email_id="l", owner_id="o", count=2)


def test_the_previous_release_finds_the_fields_it_knows() -> None:
    assert MessageSent.from_payload(MESSAGE).payload() == MESSAGE
    assert SearchAlertDue.from_payload(ALERT).payload() == ALERT


def test_a_missing_field_is_named_as_it_is_stored() -> None:
    with pytest.raises(UnreadableEventError, match="without letter_id"):
        SearchAlertDue.from_payload({"alert_email_id": "l", "owner_id": "o", "count": 2})
