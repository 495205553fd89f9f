"""Trigger periodic tasks immediately instead of at their next scheduled run."""

import threading
import time

import structlog

log = structlog.get_logger()


class TaskTrigger:
    """Sends a periodic task from a thread of its own, so that a request never waits for the broker."""

    EXPIRES_SECONDS = 5
    PAUSE_SECONDS = 0.1
    """Between two sendings: what is requested meanwhile is merged, so that the thread leaves a busy process alone."""

    def __init__(self) -> None:
        self._wanted: set[str] = set()
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None

    def __call__(self, task: str) -> None:
        """Request a run of the task; repeated requests are merged."""
        with self._lock:
            self._wanted.add(task)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="nudger", daemon=True)
                self._thread.start()
        self._ready.set()

    def _run(self) -> None:
        from app.core.messaging.celery import celery_app  # noqa: PLC0415 - loaded only by processes that trigger tasks

        while True:
            self._ready.wait()
            self._ready.clear()
            with self._lock:
                wanted, self._wanted = self._wanted, set()
            for task in wanted:
                try:
                    celery_app.send_task(task, expires=self.EXPIRES_SECONDS, retry=False, ignore_result=True)
                except Exception as error:  # noqa: BLE001 - the schedule runs the task a second later
                    log.warning("nudge_lost", task=task, error=type(error).__name__)
            time.sleep(self.PAUSE_SECONDS)
