"""Outgoing e-mail: a protocol, SMTP, and an implementation that records messages for tests."""

from dataclasses import dataclass, field
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UniqueUnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy, Policy
from email.utils import format_datetime, parseaddr
from typing import cast, override
from urllib.parse import urlsplit

import aiosmtplib

from app.core.clock import utc_now
from app.core.config import Settings
from app.core.ports import Mail, Mailer
from app.core.resources import Resources
from app.gateways.mail_headers import AddressHeader, SubjectHeader, ascii_domain, one_line

TIMEOUT_SECONDS = 10.0
PERMANENT = range(500, 600)


class MailUnavailableError(Exception):
    """The server does not answer, or asks to retry later."""


class MailRefusedError(Exception):
    """The server rejects this e-mail permanently."""


def mailer_of(resources: Resources) -> Mailer:
    """Return the process's mailer: real SMTP unless the context has another one."""
    if resources.mailer is None:
        resources.mailer = SmtpMailer(resources.settings)
    return resources.mailer


UNSUBSCRIBE = "List-Unsubscribe"


class LinkHeader(UniqueUnstructuredHeader):
    """A header with a single URL; the library would split a long one into encoded words, which clients do not read."""

    def fold(self, *, policy: "Policy[EmailMessage]") -> str:
        """Return the header as one line."""
        return f"{UNSUBSCRIBE}: {self}{policy.linesep}"


def _policy() -> "EmailPolicy[EmailMessage]":
    headers = HeaderRegistry()
    own = {UNSUBSCRIBE: LinkHeader, "Subject": SubjectHeader, "From": AddressHeader, "To": AddressHeader}
    for name, header in own.items():
        headers.map_to_type(name, cast("type[BaseHeader]", header))
    return SMTP.clone(header_factory=headers)


POLICY = _policy()


def address_of(text: str) -> Address:
    """Return a name and an address as both stand in a header and in the envelope: the domain in A-labels.

    Raises:
        ValueError: It is no address.
    """
    name, spec = parseaddr(one_line(text))
    local, _at, domain = spec.rpartition("@")
    return Address(one_line(name), local, ascii_domain(domain))


def compose(mail: Mail, settings: Settings) -> EmailMessage:
    """Build the message: text and HTML, a Message-ID that is stable over retries, and no automatic replies."""
    message = EmailMessage(policy=POLICY)
    message["From"] = address_of(settings.mail_from)
    message["To"] = address_of(mail.to)
    message["Subject"] = one_line(mail.subject)
    message["Date"] = format_datetime(utc_now())
    message["Message-ID"] = f"<{mail.key}@{ascii_domain(urlsplit(settings.origin).hostname or 'localhost')}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message["Content-Language"] = mail.language
    if mail.unsubscribe is not None:
        message[UNSUBSCRIBE] = f"<{mail.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message


class SmtpMailer(Mailer):
    """Sends by SMTP; without a configured server, to this machine's mail catcher."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._takes_unicode: bool | None = None

    def _client(self) -> aiosmtplib.SMTP:
        chosen = self.settings
        if chosen.smtp_host is None:
            return aiosmtplib.SMTP(
                hostname="127.0.0.1", port=chosen.mail_catcher_port, start_tls=False, timeout=TIMEOUT_SECONDS
            )
        return aiosmtplib.SMTP(
            hostname=chosen.smtp_host,
            port=chosen.smtp_port,
            username=chosen.smtp_user,
            password=chosen.smtp_password.get_secret_value() if chosen.smtp_password else None,
            use_tls=chosen.smtp_tls == "tls",
            start_tls=chosen.smtp_tls == "starttls",
            timeout=TIMEOUT_SECONDS,
        )

    @override
    async def send(self, mail: Mail) -> None:
        try:
            message = compose(mail, self.settings)
            sender, to = address_of(self.settings.mail_from).addr_spec, address_of(mail.to).addr_spec
        except ValueError as error:
            raise MailRefusedError(type(error).__name__) from error
        try:
            async with self._client() as client:
                if not to.isascii() and not await self._offers_unicode(client):
                    raise MailRefusedError("the server does not take mailboxes outside ASCII")
                await client.send_message(message, sender=sender, recipients=[to])
        except aiosmtplib.SMTPAuthenticationError as error:
            # A configuration error and not the recipient's fault: the e-mail waits until the operator has fixed it.
            raise MailUnavailableError(f"authentication: {error.code}") from error
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [refused.code for refused in error.recipients]
            raise _by_code(codes[0] if codes else 0) from error
        except aiosmtplib.SMTPResponseException as error:
            raise _by_code(error.code) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailUnavailableError(type(error).__name__) from error

    @override
    async def takes_unicode_mailboxes(self) -> bool:
        if self._takes_unicode is None:
            try:
                async with self._client() as client:
                    self._takes_unicode = await self._offers_unicode(client)
            except (aiosmtplib.SMTPException, OSError):
                return True
        return self._takes_unicode

    async def _offers_unicode(self, client: aiosmtplib.SMTP) -> bool:
        await client.ehlo()
        return client.supports_extension("smtputf8")


def _by_code(code: int) -> MailUnavailableError | MailRefusedError:
    return MailRefusedError(str(code)) if code in PERMANENT else MailUnavailableError(str(code))


@dataclass
class NullMailer(Mailer):
    """Records e-mails in a list; raises `trouble` instead when a test sets it."""

    sent: list[Mail] = field(default_factory=list)
    trouble: list[Exception] = field(default_factory=list)
    unicode_mailboxes: bool = True

    @override
    async def takes_unicode_mailboxes(self) -> bool:
        return self.unicode_mailboxes

    @override
    async def send(self, mail: Mail) -> None:
        if self.trouble:
            raise self.trouble.pop(0)
        self.sent.append(mail)
