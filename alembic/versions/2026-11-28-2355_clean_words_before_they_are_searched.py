"""Clean words before they are searched.

Revision ID: d5b83e17f942
Revises: c80d3a6e51f9
Create Date: 2026-11-28 23:55:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "d5b83e17f942"
down_revision: str | None = "c80d3a6e51f9"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Where lc_ctype is C, the parser takes every character above ASCII for a letter, so «word» would be another word than
# word. Explicit ranges of code points mean the same under every locale. Stress marks, soft hyphens and other invisible
# characters disappear; hyphens of typography become the plain one; every other sign becomes a blank.
INVISIBLE = r"[\u00ad\u0300-\u036f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]"
SIGNS = (
    r"[\u0080-\u00a9\u00ab-\u00ac\u00ae-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u02c2-\u02c5\u02d2-\u02df"
    r"\u037e\u0387\u055a-\u055f\u0589\u058a\u05be\u05c0\u05c3\u060c\u061b\u061f\u066a-\u066d\u06d4\u0964\u0965"
    r"\u2000-\u2070\u2074-\u207e\u2080-\u208e\u20a0-\u20cf\u2100-\u2bff\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020"
    r"\u3030\u303d\u30fb\ue000-\uf8ff\ufe10-\ufe1f\ufe30-\ufe6f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
    r"\uffe0-\uffff\U0001f000-\U0001faff]"
)
# The parser takes example.com, Node.js and 3-5 for a host and a negative number, and hides the words in them.
JOINTS = r"\.(?![0-9])|(?<![0-9])\.|(?<=[0-9a-zA-Zа-яА-Я])-(?=[0-9])"
SEARCH_WORDS = rf"""
CREATE OR REPLACE FUNCTION search_words(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN translate(
    regexp_replace(
        regexp_replace(
            regexp_replace(
                regexp_replace(
                    regexp_replace(translate(normalize(words, NFC), U&'\2010\2011', '--'), '{INVISIBLE}', '', 'g'),
                    '{SIGNS}|{JOINTS}', ' ', 'g'),
                '[CcСс]\+\+', 'cplusplus', 'g'),
            '[CcСс]#', 'csharp', 'g'),
        '1[Cc]', '1с', 'g'),
    'Ёё/\_|', 'Ее    ')
"""
BEFORE = r"""
CREATE OR REPLACE FUNCTION search_words(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN translate(
    replace(replace(replace(replace(replace(replace(words,
        'C++', 'cplusplus'), 'c++', 'cplusplus'), 'C#', 'csharp'), 'c#', 'csharp'), '1C', '1с'), '1c', '1с'),
    'Ёё/\_|', 'Ее    ')
"""


def upgrade() -> None:
    op.execute(SEARCH_WORDS)


def downgrade() -> None:
    op.execute(BEFORE)
