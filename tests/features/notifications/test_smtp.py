"""Real SMTP with encryption: a server with an untrusted certificate gets no e-mail and no password."""

import ssl
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from pydantic import SecretStr

from app.core.config import Settings
from app.core.ports import Mail
from app.gateways.mail import MailRefusedError, MailUnavailableError, SmtpMailer
from tests.e2e.ports import free_port

MAIL = Mail(key="1.test.abc", to="vera@example.com", subject="Hello", text="Text\n", html="<p>Text</p>", language="en")


@dataclass
class Server:
    """A mail server that requires TLS and a password, and answers as configured."""

    port: int = field(default_factory=free_port)
    taken: list[bytes] = field(default_factory=list)
    passwords: list[bytes] = field(default_factory=list)
    answer: str = "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's own name
        if self.answer.startswith("250"):
            self.taken.append(bytes(envelope.content))
        return self.answer

    def check(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        self.passwords.append(data.password)
        return AuthResult(success=data.password == b"right", handled=False)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def server(authority: trustme.CA) -> Generator[Server]:
    made = Server()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    controller = Controller(
        made,
        hostname="127.0.0.1",
        port=made.port,
        tls_context=context,
        require_starttls=True,
        authenticator=made.check,
        auth_required=True,
    )
    controller.start()
    yield made
    controller.stop()


@pytest.fixture
def mailer(settings: Settings, server: Server) -> SmtpMailer:
    own = {"smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_user": "iplance", "smtp_tls": "starttls"}
    return SmtpMailer(settings.model_copy(update=own | {"smtp_password": SecretStr("right")}))


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))


@pytest.mark.usefixtures("trusted")
async def test_mail_leaves_encrypted_and_with_a_password(server: Server, mailer: SmtpMailer) -> None:
    await mailer.send(MAIL)
    assert len(server.taken) == 1
    assert b"Message-ID: <1.test.abc@localhost>" in server.taken[0]


async def test_a_certificate_nobody_vouches_for_gets_nothing(server: Server, mailer: SmtpMailer) -> None:
    with pytest.raises(MailUnavailableError):
        await mailer.send(MAIL)
    assert server.taken == []
    assert server.passwords == []


@pytest.mark.usefixtures("trusted")
async def test_a_wrong_password_of_ours_is_not_the_receivers_fault(
    settings: Settings, server: Server, mailer: SmtpMailer
) -> None:
    wrong = SmtpMailer(mailer.settings.model_copy(update={"smtp_password": SecretStr("wrong")}))
    with pytest.raises(MailUnavailableError, match="authentication"):
        await wrong.send(MAIL)
    assert server.taken == []
    assert settings.smtp_host != mailer.settings.smtp_host


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(
    ("answer", "trouble"),
    [("451 later", MailUnavailableError), ("552 too large", MailRefusedError), ("554 never", MailRefusedError)],
)
async def test_the_servers_answer_decides(
    server: Server, mailer: SmtpMailer, answer: str, trouble: type[Exception]
) -> None:
    server.answer = answer
    with pytest.raises(trouble):
        await mailer.send(MAIL)
