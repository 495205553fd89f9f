"""The nudge: asks the workers to run a periodic task at once instead of at its next turn."""

import threading

import structlog

log = structlog.get_logger()


class Nudger:
    """Asks the workers to run a periodic task now, from a thread of its own: a request never waits for the broker."""

    EXPIRES_SECONDS = 5

    def __init__(self) -> None:
        self._wanted: set[str] = set()
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None

    def __call__(self, task: str) -> None:
        """Note the wish; several at once become one."""
        with self._lock:
            self._wanted.add(task)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="nudger", daemon=True)
                self._thread.start()
        self._ready.set()

    def _run(self) -> None:
        from app.core.messaging.celery import celery_app  # noqa: PLC0415 - a process that announces nothing need not load it

        while True:
            self._ready.wait()
            self._ready.clear()
            with self._lock:
                wanted, self._wanted = self._wanted, set()
            for task in wanted:
                try:
                    celery_app.send_task(task, expires=self.EXPIRES_SECONDS, retry=False, ignore_result=True)
                except Exception as error:  # noqa: BLE001 - the schedule does it a second later
                    log.warning("nudge_lost", task=task, error=type(error).__name__)
