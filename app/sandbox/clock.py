"""The clock of the sandbox provider: the real time plus what a tester has turned it forward by."""

from datetime import datetime, timedelta

from app.core.clock import real_now
from app.sandbox.books import Books, moment

_OFFSET = "clock_offset_seconds"


class VirtualClock:
    """Can be turned forward, never back: deadlines that have passed stay passed."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def now(self) -> datetime:
        """Return the time of the provider."""
        return real_now() + timedelta(seconds=int(self._books.setting(_OFFSET, "0")))

    def text(self, *, later: int = 0) -> str:
        """Return the time of the provider as text, or one that is `later` seconds later."""
        return moment(self.now() + timedelta(seconds=later))

    def forward(self, seconds: int) -> None:
        """Turn the clock forward."""
        offset = int(self._books.setting(_OFFSET, "0")) + seconds
        self._books.keep_setting(_OFFSET, str(offset))
