"""Use cases of e-mails and notifications that take several transactions: an e-mail is claimed, sent, and marked."""

import time
from dataclasses import replace

import structlog

from app.core.ports import Mail, Mailer
from app.core.resources import Resources
from app.core.unit_of_work import unit_of_work
from app.features.notifications import service
from app.features.notifications.service import Draft, SendFailure
from app.gateways.mail import MailRefusedError, MailUnavailableError, mailer_of
from app.models.notification import MailStatus
from app.web.mail_templates import render_mail

log = structlog.get_logger()

SEND_SECONDS = 8.0
"""No new e-mail is started after this time, so that a slow server does not exceed the time limit of a task."""


async def send_mail(resources: Resources) -> None:
    """Send the e-mails that are due, one after the other; no transaction is open during the SMTP dialogue."""
    began = time.monotonic()
    while time.monotonic() - began < SEND_SECONDS:
        async with unit_of_work(resources) as uow:
            draft = await service.claim_mail(uow)
        if draft is None:
            return
        await _send(resources, mailer_of(resources), draft)


async def _send(resources: Resources, mailer: Mailer, draft: Draft) -> None:
    with structlog.contextvars.bound_contextvars(request_id=draft.request_id, mail=draft.key, kind=draft.kind.value):
        try:
            if draft.to is not None:
                words = render_mail(draft.kind.value, draft.locale, draft.context)
                texts = {"subject": words.subject, "text": words.text, "html": words.html}
                mail = Mail(key=draft.key, to=draft.to, language=draft.locale, **texts)
                await mailer.send(replace(mail, unsubscribe=draft.unsubscribe))
        except (MailUnavailableError, MailRefusedError) as error:
            trouble = SendFailure.NEVER if isinstance(error, MailRefusedError) else SendFailure.LATER
            async with unit_of_work(resources) as uow:
                status = await service.mark_failed(uow, draft, trouble, str(error))
            level = log.aerror if status is MailStatus.DEAD else log.awarning
            await level("mail_failed", status=status.value, error=str(error))
            return
        async with unit_of_work(resources) as uow:
            await service.mark_sent(uow, draft)
        await log.ainfo("mail_sent" if draft.to else "mail_obsolete")


async def prune(resources: Resources) -> None:
    """Delete old notifications and e-mails in small transactions."""
    gone = 1
    while gone:
        async with unit_of_work(resources) as uow:
            gone = await service.prune(uow)
