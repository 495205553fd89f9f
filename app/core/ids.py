"""Creates all ids: UUIDv7, so that keys grow with time and index pages stay full."""

import os
import threading
import time
from uuid import UUID

_lock = threading.Lock()
_state = {"ms": 0, "counter": 0}
_COUNTER_BITS = 12
_COUNTER_MAX = (1 << _COUNTER_BITS) - 1


def new_id() -> UUID:
    """Return a UUIDv7 (RFC 9562, method 1): 48 bits of milliseconds, a 12-bit counter, 62 random bits.

    Ids made by one process are strictly increasing, also within one millisecond and when the clock steps back.
    """
    random_tail = int.from_bytes(os.urandom(8)) & ((1 << 62) - 1)
    with _lock:
        now = time.time_ns() // 1_000_000
        if now > _state["ms"]:
            _state["ms"] = now
            _state["counter"] = int.from_bytes(os.urandom(1))
        elif _state["counter"] < _COUNTER_MAX:
            _state["counter"] += 1
        else:
            _state["ms"] += 1
            _state["counter"] = 0
        ms, counter = _state["ms"], _state["counter"]
    return UUID(int=(ms << 80) | (7 << 76) | (counter << 64) | (2 << 62) | random_tail)
