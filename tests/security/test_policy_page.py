"""docs/security.md states the same figures as the settings and the code."""

from pathlib import Path

import pytest

from app.core.config import Settings
from app.core.security.passwords import MAX_QUEUE_LENGTH
from app.core.security.rate_limits import Rate
from app.features.authentication import rules as sign_in_rules
from app.features.authentication import workflows as authentication
from app.features.authentication.service import sign_in
from app.features.identity import workflows
from app.features.identity.service import contacts, passwords, registration

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "security.md").read_text(encoding="utf-8")
SETTINGS = (
    "access_token_expire_minutes",
    "refresh_token_expire_days",
    "session_absolute_days",
    "refresh_grace_seconds",
    "max_sessions",
    "reauthentication_minutes",
    "password_min_length",
)
RATES: dict[str, Rate] = {
    "300 in 10 min": sign_in.FAILED_BY_ADDRESS,
    "10 wrong in 15 min": authentication.WRONG_PASSWORDS,
    "40 compared in 15 min": authentication.COMPARED_PASSWORDS,
    "10 an hour": contacts.CONFIRMATIONS_PER_ACCOUNT,
    "5 resets": passwords.RESETS_BY_NAME,
    "20 an hour": workflows.ANSWERS_BY_NAME,
    "60 an hour": registration.REGISTER_BY_ADDRESS,
    "20 a minute": passwords.RATED_BY_ADDRESS,
}
UNITS = {"min": 60, "hour": 3600, "minute": 60, "resets": 3600}


@pytest.mark.parametrize("name", SETTINGS)
def test_the_page_names_the_defaults_of_the_settings(name: str) -> None:
    assert f"`{name.upper()}` ({Settings.model_fields[name].default}" in PAGE


@pytest.mark.parametrize("words", RATES)
def test_the_page_names_the_limits_of_the_code(words: str) -> None:
    parts, rate = words.split(), RATES[words]
    assert words in PAGE
    assert rate.times == int(parts[0])
    factor = int(parts[-2]) if parts[-2].isdecimal() and len(parts) > 2 else 1
    assert rate.seconds == factor * UNITS[parts[-1]]


def test_the_page_names_the_delays_and_lives() -> None:
    assert sign_in_rules.FREE_TRIES == 5, "four free"
    assert [int(sign_in_rules.sign_in_delay(tries).total_seconds()) for tries in (4, 5, 6, 7)] == [0, 5, 10, 20]
    assert sign_in_rules.MAX_DELAY.total_seconds() == 15 * 60
    for said in (
        "four free",
        "at most 15 min",
        "Links live 1 h, codes 10 min",
        f"more than {MAX_QUEUE_LENGTH} waiting",
    ):
        assert said in PAGE
    assert (contacts.LINK_LIFE.total_seconds(), contacts.CODE_LIFE.total_seconds()) == (3600, 600)
    assert contacts.MAX_WRONG_CODES == 5
    assert sign_in.AT_ONCE == 16
