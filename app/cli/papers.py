"""Command that writes a sample of every paper, for an operator to show to a lawyer."""

import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.shared import app, say
from app.core.config import ROOT

SAMPLE = ROOT / "app" / "data" / "papers" / "sample.toml"
DAY = date(2026, 12, 1)
AMOUNTS = (1_800_000, 4_500_000, 2_700_050)
papers = typer.Typer(no_args_is_help=True, help="Papers of deals: contracts, acts, invoices and others as PDF.")
app.add_typer(papers, name="papers")


@papers.callback()
def paper_commands() -> None:
    """Papers of deals: contracts, acts, invoices and others as PDF."""


@papers.command(name="sample")
def write_samples(folder: Annotated[Path, typer.Argument(metavar="DIR", help="where to write the files")]) -> None:
    """Write one sample of each kind in both languages, to show to a lawyer; nothing is stored."""
    from app.features.papers import service
    from app.features.papers.schemas import Paper

    content = tomllib.loads(SAMPLE.read_text(encoding="utf-8"))
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for texts in content["texts"]:
        for kind, more in _contents(texts).items():
            common = {"kind": kind, "day": DAY, "subject": texts["subject"], "currency": "RUB"}
            paper = Paper.model_validate(common | {"parties": content["parties"]} | more)
            file = service.make_sample(paper, texts["language"], datetime(2026, 12, 1, 9, tzinfo=UTC))
            (folder / f"{kind}-{texts['language']}.pdf").write_bytes(file)
            written += 1
    say(f"{written} samples are in {folder}.")


def _contents(texts: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what each kind of paper contains besides its subject and its parties."""
    contract = {"number": "C-2026-000000", "day": DAY}
    days = [date(2026, 12, 10), date(2026, 12, 24), date(2027, 1, 20)]
    stages = [
        {"text": text, "due": day, "amount": amount}
        for text, day, amount in zip(texts["milestones"], days, AMOUNTS, strict=True)
    ]
    items = [{"text": text, "note": note} for text, note in zip(texts["milestones"], texts["checks"], strict=True)]
    accepted = [{"text": texts["milestones"][0], "note": texts["results"][0], "amount": AMOUNTS[0]}]
    one = {"due": days[0], "amount": AMOUNTS[0]}
    return {
        "contract": {"lines": stages},
        "task": {"lines": items, "contract": contract},
        "act": {"lines": accepted, "contract": contract},
        "invoice": {"lines": [{"text": texts["deposit"]} | one], "contract": contract},
        "receipt": {"lines": [{"text": texts["deposit"]} | one], "contract": contract},
        "withdrawal": {"lines": [{"text": texts["payout"]} | one]},
        "credit_note": {
            "lines": [{"text": texts["correction"], "amount": 300_000}],
            "contract": contract,
            "reason": texts["reason"],
        },
    }
