"""Settings of the workers: no task is lost, none runs without limit, and messages contain no personal data."""

import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from kombu.utils.url import parse_url

from app.core.messaging.celery import (
    FILES_QUEUE,
    HARD_LIMIT_SECONDS,
    MAIL_QUEUE,
    QUEUE,
    TASK_SECONDS,
    VISIBILITY_SECONDS,
    broker_address,
    celery_app,
)
from app.core.messaging.task_trigger import TaskTrigger
from app.core.messaging.worker import CONSUMERS
from app.tasks.subscriptions import SUBSCRIPTIONS

CONF = celery_app.conf
ROOT = Path(__file__).resolve().parents[2]


def test_a_task_is_acknowledged_after_its_work_and_given_back_when_its_process_dies() -> None:
    assert CONF.task_acks_late
    assert CONF.task_reject_on_worker_lost
    assert CONF.worker_prefetch_multiplier == 1
    assert CONF.task_time_limit == HARD_LIMIT_SECONDS > TASK_SECONDS


def test_the_visibility_time_is_the_same_in_all_three_places_and_long_enough() -> None:
    named = (
        CONF.broker_transport_options["visibility_timeout"],
        CONF.result_backend_transport_options["visibility_timeout"],
        CONF.visibility_timeout,
    )
    assert set(named) == {VISIBILITY_SECONDS}
    assert 3 * CONF.task_time_limit <= VISIBILITY_SECONDS
    sweep = CONF.broker_transport_options
    assert sweep["unacked_restore_interval"] * sweep["unacked_restore_throttle"] <= 5


SENDER = """
import sys
from app.core.messaging.task_trigger import TaskTrigger
from app.core.messaging.celery import celery_app
assert not any(name.startswith("app.tasks") for name in sys.modules)
print(celery_app.amqp.default_queue.name, celery_app.conf.broker_transport_options["visibility_timeout"])
"""


def test_who_only_sends_sends_to_the_queue_that_workers_read() -> None:
    """A web process triggers tasks without loading the modules of the workers."""
    told = subprocess.run(  # noqa: S603 - our own lines
        [sys.executable, "-c", SENDER], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert told.stdout.split() == [CONF.task_default_queue, str(VISIBILITY_SECONDS)], told.stderr
    assert CONF.task_default_queue == "iplance"


@pytest.mark.parametrize(
    ("task", "queue"),
    [
        ("files.process", FILES_QUEUE),
        ("files.scrub", FILES_QUEUE),
        ("notifications.send_mail", MAIL_QUEUE),
        ("tasks.relay_outbox", MAIL_QUEUE),
        ("notifications.on_file_refused", QUEUE),
        ("matching.match_orders", QUEUE),
    ],
)
def test_files_and_mail_have_queues_of_their_own(task: str, queue: str) -> None:
    sent_to = celery_app.amqp.router.route({}, task)["queue"]
    assert (sent_to.name, sent_to.exchange.name, sent_to.routing_key) == (queue, queue, queue)


IMPORTED = """
import sys
from app.tasks.config_tasks import import_tasks
from app.core.messaging.celery import celery_app
import_tasks(options={"queues": QUEUES})
print(len([name for name in celery_app.tasks if not name.startswith(("celery.", "files."))]))
print(len([name for name in celery_app.tasks if name.startswith("files.")]))
"""


@pytest.mark.parametrize(
    ("queues", "others"), [("'iplance-files'", False), ("['iplance-files']", False), ("None", True)]
)
def test_a_worker_of_files_loads_their_tasks_alone(queues: str, others: bool) -> None:
    told = subprocess.run(  # noqa: S603 - our own lines
        [sys.executable, "-c", IMPORTED.replace("QUEUES", queues)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    other, files = (int(count) for count in told.stdout.split())
    assert (other > 0, files) == (others, len([name for name in celery_app.tasks if name.startswith("files.")]))


def test_a_worker_without_queues_takes_from_all() -> None:
    assert set(celery_app.amqp.queues.consume_from) == {QUEUE, MAIL_QUEUE, FILES_QUEUE}


def test_workers_end_softly_and_speak_json_only() -> None:
    assert CONF.worker_soft_shutdown_timeout > 0
    assert CONF.worker_enable_soft_shutdown_on_idle
    assert CONF.accept_content == ["json"]
    assert CONF.task_serializer == "json"
    assert CONF.task_ignore_result
    assert CONF.result_backend is None


def test_the_schedule_lies_in_the_data_folder(settings: object) -> None:
    data_dir = Path(str(getattr(settings, "data_dir", "")))
    assert Path(CONF.beat_schedule_filename).is_relative_to(data_dir)


def test_every_scheduled_and_subscribed_task_exists() -> None:
    scheduled = {str(entry["task"]) for entry in CONF.beat_schedule.values()}
    subscribed = {name for names in SUBSCRIPTIONS.values() for name in names}
    ours = {name for name in celery_app.tasks if not name.startswith("celery.")}
    assert scheduled | subscribed <= ours
    assert subscribed <= set(CONSUMERS)
    assert {name for name in ours if not name.startswith("tests.")} <= scheduled | subscribed


def test_what_nobody_took_in_time_does_not_pile_up() -> None:
    for entry in CONF.beat_schedule.values():
        assert entry["options"]["expires"] >= 1


@pytest.mark.parametrize(
    ("redis", "broker"),
    [
        ("redis://:pw@127.0.0.1:6379/3", "redis://:pw@127.0.0.1:6379/3"),
        ("rediss://u:p%40@cloud.example:6380/0", "rediss://u:p%40@cloud.example:6380/0?ssl_cert_reqs=required"),
        (
            "rediss://cloud.example/0?ssl_ca_certs=/ca.pem",
            "rediss://cloud.example/0?ssl_ca_certs=%2Fca.pem&ssl_cert_reqs=required",
        ),
        ("unix:///run/valkey.sock?db=2", "redis+socket:///run/valkey.sock?virtual_host=2"),
    ],
)
def test_the_broker_is_the_redis_that_was_given_and_its_certificate_is_checked(redis: str, broker: str) -> None:
    assert broker_address(redis) == broker
    if redis.startswith("rediss"):
        assert parse_url(broker)["ssl"]["ssl_cert_reqs"] == ssl.CERT_REQUIRED


def test_a_task_trigger_never_waits_and_never_fails() -> None:
    """The broker is real: a trigger is cheap, and several triggers are merged into one."""
    trigger = TaskTrigger()
    for _time in range(1000):
        trigger("tasks.relay_outbox")
