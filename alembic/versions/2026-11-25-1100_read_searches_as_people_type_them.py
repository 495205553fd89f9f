"""Read searches as people type them, put the words of freelancers into the dictionary, note a customer's first answer.

Revision ID: a4d83f61c902
Revises: e7a1b94f3c05
Create Date: 2026-11-25 11:00:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "a4d83f61c902"
down_revision: str | None = "e7a1b94f3c05"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
reviewed: dict[str, str] = {"rewrites rows": "fills a column of this migration; nothing that was there changes"}

# The stemmer leaves the forms of many Russian words apart: a vowel that comes and goes (доставка, доставок; кофейня,
# кофеен; письмо, писем), an ending that it takes for a longer one (экран is "экра", экраны is "экран"; профиль is
# "проф"), -овать and -ую. A query therefore asks for each word in all the shapes its forms may have in the index.
# Shapes that no word has cost one look into the index.
SEARCH_FORMS = r"""
CREATE FUNCTION search_forms(word text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $body$
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
    RETURN ARRAY(SELECT DISTINCT form FROM unnest(found) AS form WHERE char_length(form) > 2 ORDER BY form);
END
$body$
"""
# Words as people type them: quotes and minus as everywhere, and parts joined by a hyphen stand side by side, whether the
# text joins them or not. Words after a star are endings that one may have: `програм*программа*программист`. It looks at
# nothing but its words, so that the planner knows the query itself, and every lexeme with its frequency.
SEARCH_QUERY = r"""
CREATE FUNCTION search_query(words text) RETURNS tsquery LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $body$
DECLARE
    plain text := search_words(words);
    whole text := regexp_replace(plain, '\*\S*', '', 'g');
    asked tsquery;
    typed record;
    target tsquery;
    forms text;
BEGIN
    IF strpos(whole, '"') = 0 THEN
        whole := regexp_replace(
            whole, '(^|\s)(-?)([а-яА-Яa-zA-Z0-9]+)-([а-яА-Яa-zA-Z0-9]+)(?!\S)', '\1\2"\3 \4"', 'g');
    END IF;
    asked := websearch_to_tsquery('russian', whole);
    FOR typed IN
        SELECT DISTINCT (ts_lexize('simple', hit[1]))[1] AS word, ltrim(hit[2], '*') AS endings
        FROM regexp_matches(plain, '([а-яА-Яa-zA-Z0-9]+)((\*[а-яА-Яa-zA-Z0-9]+)*)', 'g') AS hit
    LOOP
        target := plainto_tsquery('russian', typed.word);
        IF numnode(target) = 1 THEN
            SELECT string_agg(quote_literal(form), ' | ') INTO forms FROM (
                SELECT unnest(search_forms(typed.word)) AS form
                UNION
                SELECT unnest(tsvector_to_array(to_tsvector('russian', replace(typed.endings, '*', ' '))))
            ) AS known;
            IF forms IS NOT NULL THEN
                asked := ts_rewrite(asked, target, (target::text || ' | ' || forms)::tsquery);
            END IF;
        END IF;
    END LOOP;
    RETURN asked;
END
$body$
"""
ANSWERED = """
UPDATE orders SET answered_at = first.answered_at
FROM (
    SELECT order_id, min(coalesce(decided_at, shortlisted_at)) AS answered_at
    FROM proposals
    WHERE status IN ('accepted', 'offered', 'countered') OR shortlisted_at IS NOT NULL
        OR (status = 'declined' AND decline_reason NOT IN ('order_cancelled', 'order_expired'))
    GROUP BY order_id
) AS first
WHERE orders.id = first.order_id AND first.answered_at IS NOT NULL
"""


def upgrade() -> None:
    op.execute(SEARCH_FORMS)
    op.execute(SEARCH_QUERY)
    op.add_column("orders", sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(ANSWERED)
    op.alter_column("search_terms", "orders", server_default=sa.text("0"))
    op.add_column("search_terms", sa.Column("people", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_search_terms_beginning",
            "search_terms",
            ["word"],
            postgresql_ops={"word": "text_pattern_ops"},
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(
            "ix_search_terms_beginning", table_name="search_terms", postgresql_concurrently=True, if_exists=True
        )
    op.execute("DELETE FROM search_terms WHERE orders = 0")
    op.drop_column("search_terms", "people")
    op.alter_column("search_terms", "orders", server_default=None)
    op.drop_column("orders", "answered_at")
    op.execute("DROP FUNCTION search_query(text)")
    op.execute("DROP FUNCTION search_forms(text)")
