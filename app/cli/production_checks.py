"""What `doctor` says about settings that a site in production needs; each finding names the setting."""

from email.utils import parseaddr

from app.core.config import Settings


def missing_settings(settings: Settings) -> list[tuple[str, str]]:
    """Return what a site in production lacks, as (subject, what follows and what to set); nothing elsewhere."""
    if settings.environment != "production":
        return []
    checks = [
        (
            not settings.trusted_proxies.strip(),
            "proxy",
            "TRUSTED_PROXIES is empty, so limits by address see only the proxy: set its address or network",
        ),
        (
            settings.smtp_host is None,
            "mail",
            "SMTP_HOST is missing, so no mail leaves this machine: nobody confirms an address or resets a password",
        ),
        (
            parseaddr(settings.mail_from)[1].endswith(".localhost"),
            "sender",
            "MAIL_FROM is that of a trial, and other mail servers refuse it: set an address of your domain",
        ),
        (
            settings.encryption_secrets[0] in settings.verification_keys,
            "encryption",
            "ENCRYPTION_KEYS begins with a SECRET_KEY, which could then not be replaced: put a key of its own first",
        ),
        (
            settings.scanner is None,
            "file scanner",
            "SCANNER is missing, so files are passed on without a search for malware: set the address of a clamd",
        ),
        (
            not settings.files_origin,
            "files",
            "FILES_URL is missing, so files come from the host of the site: set a second name that leads here too",
        ),
        (
            settings.flower_basic_auth is None,
            "Flower",
            "FLOWER_BASIC_AUTH is missing, so Flower does not start: set user:password",
        ),
        (
            not settings.ledger_signing_key.get_secret_value(),
            "ledger",
            "LEDGER_SIGNING_KEY is missing, so the ledger is not sealed: make one with `openssl rand -hex 32`",
        ),
    ]
    return [(subject, told) for applies, subject, told in checks if applies]
