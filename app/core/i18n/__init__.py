"""Translations: English texts are the keys, Russian comes from `locale/ru/*.po`, one file per area."""

import gettext as gettext_module
import io
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALES = ("ru", "en")
DEFAULT_LOCALE = "ru"
LOCALE_DIR = Path(__file__).parent / "locale"

_locale: ContextVar[str] = ContextVar("locale", default=DEFAULT_LOCALE)


@lru_cache
def translations(locale: str) -> gettext_module.NullTranslations:
    """Return the texts of all areas in one language as one catalogue; English needs none."""
    merged = Catalog(locale=locale)
    for path in sorted((LOCALE_DIR / locale).glob("*.po")):
        with path.open("rb") as handle:
            for message in read_po(handle, locale=locale):
                if message.id and message.string and not message.fuzzy:
                    merged.add(message.id, message.string, context=message.context)
    if not len(merged):
        return gettext_module.NullTranslations()
    buffer = io.BytesIO()
    write_mo(buffer, merged)
    buffer.seek(0)
    return gettext_module.GNUTranslations(buffer)


def current_locale() -> str:
    """Return the language of the current request or task."""
    return _locale.get()


def set_locale(locale: str) -> None:
    """Set the language for the rest of this request or task; an unknown language falls back to the default."""
    _locale.set(locale if locale in LOCALES else DEFAULT_LOCALE)


@contextmanager
def use_locale(locale: str) -> Generator[None]:
    """Use another language temporarily, such as the recipient's for an e-mail."""
    token = _locale.set(locale if locale in LOCALES else DEFAULT_LOCALE)
    try:
        yield
    finally:
        _locale.reset(token)


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "mark, do not translate yet"
    """Mark a text for extraction; it is translated where it is shown."""
    return message


def _(message: str) -> str:
    """Translate a text into the current language."""
    return translations(_locale.get()).gettext(message) if message else ""


def ngettext(singular: str, plural: str, count: int) -> str:
    """Translate a text that depends on a number, with the language's plural forms."""
    return translations(_locale.get()).ngettext(singular, plural, count)


def negotiate(accept_language: str | None) -> str:
    """Choose the language by an `Accept-Language` header (RFC 9110, 12.5.4); the default where none fits."""
    best, weight = DEFAULT_LOCALE, 0.0
    for part in (accept_language or "")[:500].split(","):
        tag, _sep, parameters = part.strip().partition(";")
        language = tag.split("-")[0].lower()
        try:
            quality = float(parameters.replace(" ", "").removeprefix("q=") or 1) if parameters else 1.0
        except ValueError:
            continue
        if language in LOCALES and quality > weight:
            best, weight = language, quality
    return best
