"""The groups of settings with their defaults and explanations; `app.core.config` joins them and checks the whole."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parents[2]


class _Group(BaseSettings):
    model_config = SettingsConfigDict(
        env_file=ROOT / ".env", env_ignore_empty=True, extra="ignore", frozen=True, validate_default=True
    )


class ServerSettings(_Group):
    """How and where the processes run."""

    environment: Literal["development", "testing", "production"] = Field(
        default="development", description="production refuses missing or default secrets and plain cookies"
    )
    data_dir: Path = Field(default=Path(".data"), description="bundled servers, kept secrets, caught mail")
    host: str = Field(default="127.0.0.1", description="address the web process listens on")
    published_on_loopback: bool = Field(
        default=False, description="a container may listen on all addresses: its port is published on loopback only"
    )
    port: int = Field(default=8000, ge=1, le=65535, description="port of the site")
    flower_port: int = Field(default=5555, ge=1, le=65535, description="port of Flower")
    flower_basic_auth: SecretStr | None = Field(
        default=None, description="user:password for Flower; without it Flower does not start in production"
    )
    metrics_port: int = Field(
        default=9100,
        ge=0,
        le=65535,
        description="operator's port for /metrics, loopback only; 0 turns it off",
    )
    demo: bool = Field(default=True, description="load a demonstration world on the very first start")
    public_url: str | None = Field(
        default=None,
        description="the address people type, such as https://iplance.example; links and Origin use it",
    )
    allowed_hosts: str = Field(
        default="",
        description="comma-separated further names of the site; others than these and PUBLIC_URL's are refused",
    )
    max_body_bytes: int = Field(default=524_288, ge=1024, description="longest request body; longer ones answer 413")
    max_guest_body_bytes: int = Field(
        default=65_536, ge=1024, description="longest request body at addresses that need no sign-in"
    )
    arriving_bodies_per_person: int = Field(
        default=10, ge=1, description="request bodies of one person that may arrive at once, for each web process"
    )
    arriving_bodies_per_address: int = Field(
        default=50, ge=1, description="request bodies from one address that may arrive at once, for each web process"
    )
    worker_concurrency: int = Field(default=2, ge=1, le=64, description="processes of the task worker")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="least level logged")
    log_format: Literal["auto", "json", "text"] = Field(
        default="auto", description="auto writes text on a terminal and JSON lines elsewhere"
    )
    logs: bool = Field(
        default=False, description="`make up` shows every log line on a terminal too, not warnings and errors alone"
    )


class StoreSettings(_Group):
    """PostgreSQL and Redis; without addresses the bundled servers are started."""

    database_url: SecretStr | None = Field(
        default=None,
        description="PostgreSQL 15 or later, direct or behind a pooler; empty starts the bundled one",
    )
    migrations_database_url: SecretStr | None = Field(
        default=None,
        description="direct address for migrations where DATABASE_URL is a transaction-mode pooler",
    )
    redis_url: SecretStr | None = Field(
        default=None,
        description="redis:// or rediss://user:password@host:port/0; empty starts the bundled one",
    )
    database_pool_size: int = Field(default=10, ge=1, le=200, description="connections kept by each web process")
    database_timeout_seconds: float = Field(default=5.0, gt=0, description="longest wait for a free connection")
    database_request_seconds: float = Field(default=3.0, gt=0, le=60, description="longest wait of one request in all")
    database_idle_seconds: float = Field(
        default=60.0, gt=0, description="a transaction in which nothing is asked for so long is ended by the server"
    )


class AccountSettings(_Group):
    """Tokens, passwords and account limits."""

    secret_key: SecretStr = Field(
        default=SecretStr(""),
        description="signs tokens; at least 32 bytes; outside production it is made once and kept in DATA_DIR",
    )
    previous_secret_keys: str = Field(
        default="",
        description="comma-separated older keys that still verify, newest first, while a rotation lasts",
    )
    encryption_keys: SecretStr = Field(
        default=SecretStr(""),
        description="comma-separated keys that encrypt legal details, newest first; a trial without takes SECRET_KEY",
    )
    algorithm: Literal["HS256", "HS384", "HS512"] = Field(default="HS256", description="of the JWT signature")
    access_token_expire_minutes: int = Field(default=300, ge=1, le=1440, description="life of the access token")
    refresh_token_expire_days: int = Field(default=30, ge=1, le=365, description="life of a session without use")
    session_absolute_days: int = Field(default=90, ge=1, le=3650, description="longest life of a session, used or not")
    refresh_grace_seconds: int = Field(
        default=10, ge=0, le=60, description="how long a refresh token just replaced still gets the active one"
    )
    unconfirmed_contact_days: int = Field(default=30, ge=1, description="life of an e-mail address nobody confirmed")
    max_sessions: int = Field(default=20, ge=1, le=1000, description="sessions of one person; the oldest ends first")
    reauthentication_minutes: int = Field(
        default=5, ge=1, le=60, description="how long after entering the password it is not asked for again"
    )
    bcrypt_rounds: int = Field(default=12, ge=4, le=16, description="cost of password hashes; production needs 12")
    password_min_length: int = Field(default=8, ge=8, le=64, description="shortest password; 15 is recommended")
    breached_passwords_url: str | None = Field(
        default=None,
        description="range service of breached passwords, such as https://api.pwnedpasswords.com; empty asks nobody",
    )
    breached_passwords_required: bool = Field(
        default=False, description="refuse new passwords while that service does not answer, instead of looking again"
    )
    phone_region: str = Field(default="RU", pattern="^[A-Z]{2}$", description="country of phones typed without +")
    sms_sender: Literal["console", "none"] = Field(
        default="console", description="console keeps text messages with the caught mail; none drops them"
    )
    trusted_proxies: str = Field(
        default="", description="comma-separated addresses or networks whose X-Forwarded-For is believed"
    )
    shared_addresses: str = Field(
        default="",
        description="addresses that stand for many people, beside loopback and private ones; no limit by address",
    )


class MailSettings(_Group):
    """Outgoing e-mail; without an SMTP host `make up` catches it and shows it on a page."""

    smtp_host: str | None = Field(default=None, description="mail server; empty uses the catcher")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="port of the mail server")
    smtp_user: str | None = Field(default=None, description="user at the mail server")
    smtp_password: SecretStr | None = Field(default=None, description="password at the mail server")
    smtp_tls: Literal["starttls", "tls", "none"] = Field(default="starttls", description="how the line is encrypted")
    mail_catcher_host: str = Field(default="127.0.0.1", description="address the mail catcher listens on")
    mail_catcher_port: int = Field(default=1025, ge=1, le=65535, description="port of the catcher, loopback only")
    mail_wait_seconds: int = Field(
        default=300, ge=0, le=3600, description="longest wait of a mail whose news may be taken back or read by then"
    )
    mail_from: str = Field(default="ipLance <no-reply@iplance.localhost>", description="sender of every mail")
    operator_email: str | None = Field(
        default=None, description="where people write to the operator, about a ban for one; empty: the sender of mails"
    )


class MarketSettings(_Group):
    """Lifetimes and limits of orders and proposals; the pages state the durations."""

    order_open_days: int = Field(
        default=14, ge=1, le=365, description="an open order expires when its customer is silent"
    )
    order_paused_days: int = Field(
        default=30, ge=1, le=365, description="a paused order expires when its customer does not open it again"
    )
    order_reminder_days: str = Field(
        default="7,2",
        pattern=r"^(?:\d{1,3}(?:,\d{1,3})*)?$",
        description="so many days before an open order expires its customer is reminded, with commas; empty: never",
    )
    moderate_orders: Literal["off", "new_accounts", "all"] = Field(
        default="off", description="whose orders the operator looks at before anybody sees them"
    )
    order_check_hours: int = Field(
        default=24, ge=1, le=720, description="an order that nobody has looked at opens by itself, with a mark"
    )
    invitations_per_order: int = Field(
        default=20, ge=1, le=1000, description="people a customer may invite to one order"
    )
    invitations_per_day: int = Field(
        default=50, ge=1, le=10_000, description="invitations one account may send within a day"
    )
    offer_answer_hours: int = Field(
        default=72, ge=1, le=168, description="an offer lapses when the other side is silent; its maker may choose less"
    )
    orders_per_day: int = Field(default=50, ge=1, le=10_000, description="orders one account may publish within a day")
    proposals_per_day: int = Field(
        default=50, ge=1, le=10_000, description="proposals one account may send within a day"
    )
    similar_letters_per_day: int = Field(
        default=3, ge=1, le=1000, description="letters of proposals that may read nearly the same within a day"
    )
    new_account_days: int = Field(
        default=3, ge=0, le=365, description="how long an account counts as new; without a confirmed contact always"
    )
    new_account_orders_per_day: int = Field(
        default=20, ge=1, le=10_000, description="orders a new account may publish within a day"
    )
    new_account_proposals_per_day: int = Field(
        default=20, ge=1, le=10_000, description="proposals a new account may send within a day"
    )
    direct_deal_days: int = Field(
        default=14,
        ge=1,
        le=30,
        description="terms of a direct deal expire unanswered; who invites may choose otherwise",
    )
    direct_deals_per_day: int = Field(
        default=30, ge=1, le=10_000, description="direct deals one account may propose within a day"
    )
    new_account_direct_deals_per_day: int = Field(
        default=10, ge=1, le=10_000, description="direct deals a new account may propose within a day"
    )
    direct_deal_mails_per_day: int = Field(
        default=5, ge=1, le=1000, description="invitations to direct deals one account may have us e-mail within a day"
    )
    saved_searches_per_account: int = Field(
        default=30, ge=1, le=1000, description="searches of the list of orders that one account may keep"
    )
    alert_minutes: int = Field(
        default=15, ge=1, le=1440, description="least time between two letters about new orders to one person"
    )


class DealSettings(_Group):
    """Safe deals: durations, of which a contract keeps those of the day when it was agreed, and who its papers name."""

    operator_legal_name: str = Field(
        default="ipLance", description="the operator's name in law, as papers of deals state it"
    )
    operator_country: str = Field(
        default="RU", pattern="^[A-Z]{2}$", description="the operator's country, and that of parties who entered none"
    )
    operator_tax_number: str = Field(default="", description="the operator's tax number, on papers of deals")
    operator_address: str = Field(default="", description="the operator's address, on papers of deals")

    deal_funding_days: int = Field(
        default=7, ge=1, le=90, description="a contract ends when its customer has paid nothing in by then"
    )
    deal_acceptance_days: int = Field(
        default=14, ge=3, le=30, description="work that its customer neither accepts nor sends back counts as accepted"
    )
    deal_resubmit_days: int = Field(
        default=7, ge=1, le=90, description="after requested changes the customer may ask for the money back by then"
    )
    deal_refund_answer_days: int = Field(
        default=7, ge=1, le=90, description="an unanswered refund request is granted, if nothing was submitted"
    )
    deal_security_days: int = Field(
        default=5, ge=0, le=90, description="released money becomes available to the freelancer after so long"
    )
    deal_holding_days: int = Field(
        default=0, ge=0, le=1000, description="the provider returns what it has held for so long; 0: it has no limit"
    )
    deal_change_hours: int = Field(default=72, ge=1, le=720, description="an unanswered change of the work expires")
    deal_included_rounds: int = Field(
        default=3, ge=0, le=100, description="rounds of changes of a milestone that the price includes, as shown"
    )


class PaymentSettings(_Group):
    """The payment provider; a demonstration has a sandbox of its own, in which no real money moves."""

    payment_provider: Literal["auto", "sandbox", "none"] = Field(
        default="auto",
        description="auto takes the sandbox outside production and none in it; production refuses the sandbox, and "
        "any other provider without LEDGER_SIGNING_KEY and ENCRYPTION_KEYS",
    )
    sandbox_host: str = Field(default="127.0.0.1", description="address the sandbox provider listens on")
    sandbox_port: int = Field(default=8090, ge=1, le=65535, description="port of the sandbox provider")
    sandbox_url: str | None = Field(
        default=None, description="where the site reaches the sandbox provider; empty: SANDBOX_PORT on this machine"
    )
    sandbox_public_url: str | None = Field(
        default=None, description="where payers reach its payment page; empty: SANDBOX_PORT on localhost"
    )
    sandbox_webhook_url: str | None = Field(
        default=None, description="where it sends its webhooks; empty: the site's port on this machine"
    )
    ledger_signing_key: SecretStr = Field(
        default=SecretStr(""),
        description="signs checkpoints of the ledger; 64 hexadecimal digits; outside production it is kept in DATA_DIR",
    )
    payment_webhook_secrets: SecretStr = Field(
        default=SecretStr(""),
        description="comma-separated further secrets that webhooks may be signed with while a rotation lasts",
    )
    withdrawal_fee_bp: int = Field(
        default=0, ge=0, le=10_000, description="fee of a withdrawal in hundredths of a percent of it"
    )
    correction_alone_up_to: int = Field(
        default=0,
        ge=0,
        le=10_000_000,
        description="how much of the ledger one person may correct alone in a day, in kopecks; 0: nothing",
    )
    withdrawal_fee_minimum: int = Field(
        default=0, ge=0, le=10_000_000, description="least fee of a withdrawal, in minor units of its currency"
    )
    withdrawal_approval_above: int = Field(
        default=0,
        ge=0,
        le=100_000_000_000_000,
        description="a withdrawal of more, in kopecks, waits until an operator has approved it; 0: none does",
    )
    withdrawal_approval_day: int = Field(
        default=0,
        ge=0,
        le=100_000_000_000_000,
        description="so does one with which a person withdraws more than this within 24 hours; 0: none does",
    )
    withdrawal_two_approvals_above: int = Field(
        default=0,
        ge=0,
        le=100_000_000_000_000,
        description="a withdrawal of more, in kopecks, needs two different operators; 0: none does",
    )
    withdrawal_decision_days: int = Field(
        default=3, ge=1, le=30, description="if nobody has decided about it in this time, the money goes back"
    )


class FileSettings(_Group):
    """Uploaded files and their storage."""

    storage: Literal["auto", "disk", "s3", "supabase"] = Field(
        default="auto",
        description="where files are kept; auto takes Supabase or S3 where its address is set, else DATA_DIR",
    )
    files_url: str | None = Field(
        default=None,
        description="a host of their own for files, such as https://files.iplance.example; it leads here too",
    )
    bucket_name: str = Field(default="iplance", description="bucket of S3 or Supabase; private, and of this site alone")
    supabase_url: str | None = Field(default=None, description="address of the Supabase project")
    supabase_key: SecretStr | None = Field(default=None, description="its service key; it never leaves the server")
    s3_endpoint: str | None = Field(default=None, description="address of the S3 server, such as http://127.0.0.1:8333")
    s3_region: str = Field(default="us-east-1", description="region of the bucket")
    s3_access_key: str | None = Field(default=None, description="access key of S3")
    s3_secret_key: SecretStr | None = Field(default=None, description="secret key of S3")
    scanner: str | None = Field(
        default=None, description="clamd that looks at every file: host:port or unix:/path; empty scans nothing"
    )
    file_quota_bytes: int = Field(
        default=2_147_483_648, ge=1_048_576, description="all files of one person together may take so much"
    )
    upload_bytes_per_day: int = Field(
        default=4_294_967_296, ge=1_048_576, description="one person may upload so much in a day, removed or not"
    )
    uploads_per_hour: int = Field(default=300, ge=1, le=100_000, description="files one person may upload in an hour")
    disk_reserve_bytes: int = Field(
        default=536_870_912, ge=0, description="uploads are refused while less of the disk with DATA_DIR is free"
    )
