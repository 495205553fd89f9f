"""Rendering of e-mails: one template gives the subject, the HTML and the plain text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from app.core.i18n import use_locale
from app.web.templating import environment


@dataclass(frozen=True, slots=True)
class RenderedMail:
    """The content of an e-mail."""

    subject: str
    text: str
    html: str


def render_mail(kind: str, locale: str, context: Mapping[str, Any]) -> RenderedMail:
    """Render `mail/<kind>.html` in the recipient's language, once with each of three layouts."""
    template = environment().get_template(f"mail/{kind}.html")
    with use_locale(locale):
        subject, text, html = (
            template.render({**context, "layout": f"mail/layout_{layout}.html"})
            for layout in ("subject", "text", "html")
        )
    lines = (line.strip() for line in Markup(text).unescape().splitlines())  # noqa: S704 - unescaped, not marked safe
    body = "\n".join(lines).strip()
    while "\n\n\n" in body:
        body = body.replace("\n\n\n", "\n\n")
    return RenderedMail(
        subject=" ".join(Markup(subject).unescape().split()),  # noqa: S704 - unescaped, not marked safe
        text=body + "\n",
        html=html,
    )
