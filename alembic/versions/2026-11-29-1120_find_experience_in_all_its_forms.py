"""Find the word опыт in all its forms.

The stemmer takes the end of `опыт` for an ending and stores `оп`, but `опыта` as `опыт`; forms of two letters were
not asked for. They now are where the stemmer itself makes one of the stem of the word. Only queries are parsed
anew, stored columns are the same, so both releases work with either function.

Revision ID: b61d0c9e57f3
Revises: f94c07e2a1b8
Create Date: 2026-11-29 11:20:00+00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "b61d0c9e57f3"
down_revision: str | None = "f94c07e2a1b8"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

LONG = "char_length(form) > 2"
STEMMED_TWICE = f"{LONG} OR form = (ts_lexize('russian_stem', stem))[1]"
FORMS = r"""
CREATE OR REPLACE FUNCTION search_forms(word text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $body$
DECLARE
    stem text := (ts_lexize('russian_stem', word))[1];
    bare text := regexp_replace(word, '[аяоеуюыиьй]$', '');
    part text;
    cut text;
    final text;
    found text[];
BEGIN
    IF stem IS NULL OR word !~ '^[а-я]{4,}$' THEN
        RETURN '{}';
    END IF;
    found := ARRAY[stem, word, bare] || ts_lexize('russian_stem', stem) || ts_lexize('russian_stem', stem || 'ь');
    FOREACH part IN ARRAY ARRAY[stem, word, bare] LOOP
        cut := left(part, -2);
        final := right(part, 1);
        IF part ~ '[бвгджзйклмнпрстфхцчшщ][ое][кц]$' THEN
            found := found || (cut || final) || (cut || 'ь' || final);
        END IF;
        IF part ~ '[бвгджзйклмнпрстфхцчшщ][кц]$' THEN
            found := found || (left(part, -1) || 'о' || final) || (left(part, -1) || 'е' || final);
        END IF;
        IF part ~ '[бвгджзклмнпрстфхцчшщ][нл]$' THEN
            found := found || (left(part, -1) || 'е' || final);
        END IF;
        IF part ~ '[йь][кцнм]$' THEN
            found := found || (cut || 'е' || final);
        END IF;
        IF part ~ '[аоеуи]е[кн]$' THEN
            found := found || (cut || 'й' || final);
        END IF;
        IF part ~ '[бвгджзклмнпрстфхцчшщ]е[нлмр]$' THEN
            found := found || (cut || final);
        END IF;
        IF part ~ 'ем$' THEN
            found := found || (cut || 'ьм');
        END IF;
        cut := substring(part FROM '^(.{3,}?)(ова|овал|уют|ует|уем|уеш|уй|ую)$');
        IF cut IS NOT NULL OR part ~ '[ир]р$' THEN
            cut := coalesce(cut, part);
            found := found || cut || (cut || 'ова') || (cut || 'ует') || (cut || 'уем') || (cut || 'уеш');
        END IF;
        IF part ~ '[жшчщ]ат$' THEN
            found := found || left(part, -2);
        ELSIF part ~ '[жшчщ]$' THEN
            found := found || (part || 'ат');
        END IF;
    END LOOP;
    RETURN ARRAY(SELECT DISTINCT form FROM unnest(found) AS form WHERE %(kept)s ORDER BY form);
END
$body$
"""


def upgrade() -> None:
    op.execute(FORMS.replace("%(kept)s", STEMMED_TWICE))


def downgrade() -> None:
    op.execute(FORMS.replace("%(kept)s", LONG))
