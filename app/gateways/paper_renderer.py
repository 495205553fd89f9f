"""Papers as PDF/A-2b by Typst; the same input gives the same bytes."""

import json
import re
from datetime import datetime

from app.core.config import ROOT

PAPERS = ROOT / "app" / "data" / "papers"
"""Templates and sentences, a folder for each version."""

UNSHOWN = "\ufffd"
"""Printed for a character that no font of the file has, such as an emoji: PDF/A demands a glyph for each."""
MAX_UNSHOWN = 20
"""Different ones that are looked for one by one; then everything but the letters and signs of Europe is replaced."""
_UNSHOWN_ERROR = re.compile(r"the text `\"(.+)\"` could not be displayed", re.DOTALL)
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}|\\(.)")
_JOINERS = "[\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*"
"""What joins the parts of an emoji and colours it: beside the replacement it would ask for another font."""
_NOT_EUROPEAN = re.compile(
    r"[^ -~\xa0-\u017f\u0400-\u045f\u0490-\u04ff\u2009\u202f\u2010-\u2014\u2018-\u201e\u2022\u2026€₸₽№™\ufffd]"
    r"|\\u00[01][0-9a-f]|\\[bfnrt]"
)


def render_paper(sheet: str, version: str, created_at: datetime) -> bytes:
    """Return a paper as PDF/A-2b, with fonts embedded.

    Characters that no font has are printed as `UNSHOWN`: a title with an emoji must not prevent a deal.

    Args:
        sheet: All texts of the paper as JSON; the template reads them as strings, never as markup.
        version: The version of the template.
        created_at: The moment that the file states as its creation.
    """
    import typst  # noqa: PLC0415 - 80 MB, and few processes make papers

    for _attempt in range(MAX_UNSHOWN):
        try:
            return _compiled(sheet, version, created_at)
        except typst.TypstError as error:
            found = _UNSHOWN_ERROR.search(str(error))
            if found is None:
                raise
            if found[1] == UNSHOWN:  # with a mark above it that only another font has
                break
            sheet = _without(sheet, found[1])
    return _compiled(_NOT_EUROPEAN.sub(UNSHOWN, sheet), version, created_at)


def _compiled(sheet: str, version: str, created_at: datetime) -> bytes:
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


def _without(sheet: str, named: str) -> str:
    """Return the JSON of a sheet without what an error of Typst names; the error escapes characters as Rust does."""
    text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[2], named)
    in_json = json.dumps(text, ensure_ascii=False)[1:-1]
    return re.sub(f"{_JOINERS}{re.escape(in_json)}{_JOINERS}", UNSHOWN, sheet)
