"""Papers as PDF/A-2b by Typst; the same input gives the same bytes."""

from datetime import datetime

from app.core.config import ROOT

PAPERS = ROOT / "app" / "data" / "papers"
"""Templates and sentences, a folder for each version."""


def render_paper(sheet: str, version: str, created_at: datetime) -> bytes:
    """Return a paper as PDF/A-2b, with fonts embedded.

    Args:
        sheet: All texts of the paper as JSON; the template reads them as strings, never as markup.
        version: The version of the template.
        created_at: The moment that the file states as its creation.
    """
    import typst  # noqa: PLC0415 - 80 MB, and few processes make papers

    folder = PAPERS / version
    return typst.compile(
        str(folder / "paper.typ"),
        root=str(folder),
        sys_inputs={"sheet": sheet},
        ignore_system_fonts=True,
        pdf_standards=["a-2b"],
        timestamp=int(created_at.timestamp()),
    )
