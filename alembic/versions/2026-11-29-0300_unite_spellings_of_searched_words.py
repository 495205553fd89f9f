"""Unite the usual spellings of searched words, and the irregular forms of English ones.

Revision ID: 7c1e94a2d6b3
Revises: a63c9eb2d8f7
Create Date: 2026-11-29 03:00:00+00:00
"""

import json
from collections.abc import Sequence

from alembic import op

revision: str = "7c1e94a2d6b3"
down_revision: str | None = "a63c9eb2d8f7"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Code points above ASCII, taken from Unicode 15 by category. Ranges run over unassigned code points, so a newer emoji
# is a sign too. DROPPED disappear: format characters, accents and vowel points that a text may omit, fillers that look
# like a blank. SIGNS become a blank: everything else that is not a letter, a mark inside a word, or a decimal or letter
# number.
DROPPED = (
    "ad 300-36f 483-489 591-5bd 5bf 5c1-5c2 5c4-5c5 5c7 600-605 610-61a 61c 64b-65f 670 6d6-6dd 6df-6e4 6e7-6e8 "
    "6ea-6ed 70f 711 730-74a 7eb-7f3 7fd 816-819 81b-823 825-827 829-82d 859-85b 890-89f 8ca-8ff 951-954 9fe f18-f19 "
    "f35 f37 f39 f82-f83 f86-f87 fc6 108d 115f-1160 135d-135f 17dd 180b-180f 18a9 1939-193b 1a17-1a18 1a75-1a7f "
    "1ab0-1ace 1b6b-1b73 1cd0-1cd2 1cd4-1ce0 1ce2-1ce8 1ced 1cf4 1cf8-1cf9 1dc0-1dff 200b-200f 202a-202e 2060-206f "
    "20d0-20f0 2cef-2cf1 2de0-2dff 302a-302f 3164 a66f-a672 a674-a67d a69e-a69f a6f0-a6f1 a8e0-a8f1 a92b-a92d aab0 "
    "aab2-aab4 aab7-aab8 aabe-aabf aac1 fb1e fe00-fe0f fe20-fe2f feff ffa0 fff9-fffb 101fd 102e0 10376-1037a 10a0d "
    "10a0f 10a38-10a3a 10ae5-10ae6 10d24-10d27 10eab-10eac 10efd-10eff 10f46-10f50 10f82-10f85 110bd 110cd "
    "11100-11102 11366-11374 1145e 13430-1343f 16af0-16af4 16b30-16b36 1bc9e 1bca0-1bca3 1d165-1d169 1d16d-1d182 "
    "1d185-1d18b 1d1aa-1d1ad 1d242-1d244 1e000-1e02a 1e08f 1e130-1e136 1e2ae 1e2ec-1e2ef 1e4ec-1e4ef 1e8d0-1e8d6 "
    "1e944-1e949 e0001-e01ef"
)
SIGNS = (
    "80-a9 ab-ac ae-b4 b6-b9 bb-bf d7 f7 2c2-2c5 2d2-2df 2e5-2eb 2ed 2ef-2ff 375 37e 384-385 387 3f6 482 55a-55f "
    "589-58f 5be 5c0 5c3 5c6 5f3-5f4 606-60f 61b 61d-61f 66a-66d 6d4 6de 6e9 6fd-6fe 700-70d 7f6-7f9 7fe-7ff 830-83e "
    "85e 888 964-965 970 9f2-9fb 9fd a76 af0-af1 b70 b72-b77 bf0-bfa c77-c7f c84 d4f d58-d5e d70-d79 df4 e3f e4f "
    "e5a-e5b f01-f17 f1a-f1f f2a-f34 f36 f38 f3a-f3d f85 fbe-fc5 fc7-fda 104a-104f 109e-109f 10fb 1360-137c 1390-1399 "
    "1400 166d-166e 1680 169b-169c 16eb-16ed 1735-1736 17d4-17d6 17d8-17db 17f0-180a 1940-1945 19da-19ff 1a1e-1a1f "
    "1aa0-1aa6 1aa8-1aad 1b5a-1b6a 1b74-1b7e 1bfc-1bff 1c3b-1c3f 1c7e-1c7f 1cc0-1cc7 1cd3 1fbd 1fbf-1fc1 1fcd-1fcf "
    "1fdd-1fdf 1fed-1fef 1ffd-200a 2010-2029 202f-205f 2070 2074-207e 2080-208e 20a0-20c0 2100-2101 2103-2106 "
    "2108-2109 2114 2116-2118 211e-2123 2125 2127 2129 212e 213a-213b 2140-2144 214a-214d 214f-215f 2189-2bff "
    "2ce5-2cea 2cf9-2cff 2d70 2e00-2e2e 2e30-3004 3008-3020 3030 3036-3037 303d-303f 309b-309c 30a0 30fb 3190-319f "
    "31c0-31e3 3200-33ff 4dc0-4dff a490-a4c6 a4fe-a4ff a60d-a60f a673 a67e a6f2-a716 a720-a721 a789-a78a a828-a82b "
    "a830-a839 a874-a877 a8ce-a8cf a8f8-a8fa a8fc a92e-a92f a95f a9c1-a9cd a9de-a9df aa5c-aa5f aa77-aa79 aade-aadf "
    "aaf0-aaf1 ab5b ab6a-ab6b abeb e000-f8ff fb29 fbb2-fbc2 fd3e-fd4f fdcf fdfc-fdff fe10-fe19 fe30-fe6b ff01-ff0f "
    "ff1a-ff20 ff3b-ff40 ff5b-ff65 ffe0-ffee fffc-fffd 10100-1013f 10175-101fc 102e1-102fb 10320-10323 1039f 103d0 "
    "1056f 10857-1085f 10877-1087f 108a7-108af 108fb-108ff 10916-1091f 1093f 109bc-109bd 109c0-109ff 10a40-10a58 "
    "10a7d-10a7f 10a9d-10a9f 10ac8 10aeb-10af6 10b39-10b3f 10b58-10b5f 10b78-10b7f 10b99-10baf 10cfa-10cff "
    "10e60-10e7e 10ead 10f1d-10f26 10f51-10f59 10f86-10f89 10fc5-10fcb 11047-11065 110bb-110bc 110be-110c1 "
    "11140-11143 11174-11175 111c5-111c8 111cd 111db 111dd-111f4 11238-1123d 112a9 1144b-1144f 1145a-1145d 114c6 "
    "115c1-115d7 11641-11643 11660-1166c 116b9 1173a-1173f 1183b 118ea-118f2 11944-11946 119e2 11a3f-11a46 "
    "11a9a-11a9c 11a9e-11aa2 11b00-11b09 11c41-11c45 11c5a-11c71 11ef7-11ef8 11f43-11f4f 11fc0-11fff 12470-12474 "
    "12ff1-12ff2 16a6e-16a6f 16af5 16b37-16b3f 16b44-16b45 16b5b-16b61 16e80-16e9a 16fe2 1bc9c 1bc9f 1cf50-1d164 "
    "1d16a-1d16c 1d183-1d184 1d18c-1d1a9 1d1ae-1d241 1d245-1d378 1d6c1 1d6db 1d6fb 1d715 1d735 1d74f 1d76f 1d789 "
    "1d7a9 1d7c3 1d800-1d9ff 1da37-1da3a 1da6d-1da74 1da76-1da83 1da85-1da8b 1e14f 1e2ff 1e8c7-1e8cf 1e95e-1ed3d "
    "1eef0-1fbca f0000-10fffd"
)


def class_of(ranges: str) -> str:
    """Return the ranges of code points as the inside of a bracket expression of PostgreSQL."""
    ends = (part.split("-") for part in ranges.split())
    return "".join("-".join(rf"\U{int(end, 16):08x}" for end in pair) for pair in ends)


# The parser's \w, \m and \M depend on lc_ctype above ASCII; these letters do not. Texts are in lower case already.
LETTER = "[0-9a-zа-я]"
START = f"(?<!{LETTER})"
END = f"(?!{LETTER})"
CAPITALS = "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЁё"
SMALL = "абвгдежзийклмнопрстуфхцчшщъыьэюяее"

# The table of spellings. Names written in both scripts stand in both in the index, so that the beginning of either is
# found; an underscore joins the parts of one written word, a slash joins words that may stand apart.
FIXED = (
    ("c++", "cplusplus"),
    ("с++", "cplusplus"),
    ("c#", "csharp"),
    ("с#", "csharp"),
    ("1c", "1с"),
    ("вай-фай", "вайфай"),
    ("wi-fi", "вайфай"),
    ("wifi", "вайфай"),
    ("вайфай", "wifi/вайфай"),
    ("bitrix", "битрикс"),
    ("битрикс", "bitrix/битрикс"),
)
PATTERNS = (
    (f"{START}(?:[eе]-?mail|[eеиэ]-?м[еэ]йл|[еиэ]-?майл)(?:[а-я]{{1,3}}{END})?", "email"),
    (f"{START}(?:ui *[-/_]? *ux|ux *[-/_]? *ui){END}", "ui/ux"),
    (rf"{START}(?:(asp|vb|ado)[._ ]?|\.|dot[ -]?)net{END}", r"\1_dotnet/net"),
    (
        f"{START}((?:front|back)(?=[ -]end)|full(?=[ -]stack)|c(?=[ -]sharp{END})|e(?=-commerce)|wi(?= fi{END}))[ -]",
        r"\1",
    ),
)
# A dot that is not between digits (the parser takes example.com for a host), a hyphen before a digit (3-5 for a negative
# number), the js of nodejs and the number of php8: such parts are words of their own.
# Three expressions, because one that also matches nothing between two characters is ten times as slow.
JOINTS = (
    (rf"\.(?![0-9])|(?<![0-9])\.|(?<={LETTER})-(?=[0-9])", "_"),
    (f"([a-z][a-z])-?js{END}", r"\1_js"),
    ("([a-zа-я][a-zа-я]|1с)(?=[0-9])", r"\1_"),
)


# Characters that need neither composing nor dropping, and that every locale puts into lower case as CAPITALS and SMALL
# do: ASCII, signs, small Latin letters and Cyrillic ones. Most texts have no others.
PLAIN = "1-ac ae-bf d7 df-ff 401 410-45f 2002-200a 2010-2027 202f-205e 20a0-20c0 2116 2190-2199 25a0-27bf 1f300-1faff"


def spelling() -> str:
    """Return the statements that unite the spellings of `words`."""
    typed = [(f"[{class_of(SIGNS)}\\\\|<>&]", " "), *PATTERNS]
    # The parser drops words that look like a tag or an entity: <b>, &nbsp;
    made = [f"regexp_replace(words, '{pattern}', '{united}', 'g')" for pattern, united in typed]
    made += [f"replace(words, '{pattern}', '{united}')" for pattern, united in FIXED]
    made += [f"regexp_replace(words, '{pattern}', '{united}', 'g')" for pattern, united in JOINTS]
    return "".join(f"    words := {expression};\n" for expression in made)


# PL/pgSQL, because an INSERT plans the expression of a stored column anew: a function in SQL would be inlined for each
# row, and reading these expressions takes longer than evaluating them.
SEARCH_SPELLING = rf"""
CREATE FUNCTION search_spelling(typed text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $body$
DECLARE
    words text := typed;
BEGIN
    IF words ~ '[^{class_of(PLAIN)}]' THEN
        words := regexp_replace(normalize(words, NFC), '[{class_of(DROPPED)}]', '', 'g');
    END IF;
    words := lower(words COLLATE "C");
    -- lower() is many times as fast as translate(), but under some locales it knows no Cyrillic, or other letters too.
    IF lower('Я' COLLATE "default") = 'я' AND words !~ '[^{class_of(PLAIN)}]' THEN
        words := translate(lower(words COLLATE "default"), U&'\2010\2011ё', '--е');
    ELSE
        words := translate(words, U&'\2010\2011{CAPITALS}', '--{SMALL}');
    END IF;
{spelling()}    RETURN words;
END
$body$
"""
SEARCH_WORDS = """
CREATE OR REPLACE FUNCTION search_words(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN translate(search_spelling(words), '_/', '  ')
"""
# PL/pgSQL for the same reason.
ORDER_SEARCH = """
CREATE OR REPLACE FUNCTION order_search(title text, keywords text, description text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $body$
BEGIN
    RETURN setweight(to_tsvector('russian'::regconfig, search_words(title)), 'A')
        || setweight(to_tsvector('russian'::regconfig, search_words(keywords)), 'B')
        || setweight(to_tsvector('russian'::regconfig, search_words(description)), 'C');
END
$body$
"""
OLD_ORDER_SEARCH = """
CREATE OR REPLACE FUNCTION order_search(title text, keywords text, description text) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN setweight(to_tsvector('russian'::regconfig, search_words(title)), 'A')
    || setweight(to_tsvector('russian'::regconfig, search_words(keywords)), 'B')
    || setweight(to_tsvector('russian'::regconfig, search_words(description)), 'C')
"""
# Parts of a name that a query need not insist on: who searches for Vue.js, Битрикс24, 1С-Битрикс or ASP.NET finds Vue,
# Битрикс and .NET. Excluded words and phrases in quotation marks are taken as they are typed.
HEADS = r"(?<!\S)(?:asp[_ ](?=dotnet)|1с[_ :]?(?=bitrix))"
TAILS = (
    rf"(?<!\S)((?:vue|node|react|angular|nuxt|svelte|ember|backbone)(?=[_ ]js{END})"
    f"|bitrix/битрикс[а-я]{{0,2}}(?=[_ ]24{END}))[_ ](?:js|24)"
)

# Forms of one English word that the stemmer leaves apart, and spellings of both sides of the Atlantic.
IRREGULAR = """
arise arose arisen|awake awoke awoken|beat beaten|become became|begin began begun|bend bent|bet betted|bind bound
bite bit bitten|bleed bled|blow blew blown|break broke broken|breed bred|bring brought|broadcast broadcasted|build built
burn burnt|buy bought|catch caught|choose chose chosen|cling clung|come came|creep crept|deal dealt|dig dug
draw drew drawn|dream dreamt|drink drank drunk|drive drove driven|eat ate eaten|fall fell fallen|feed fed|feel felt
fight fought|find found|flee fled|fly flew flown|forbid forbade forbidden|forecast forecasted|forget forgot forgotten
forgive forgave forgiven|freeze froze frozen|get got gotten|give gave given|go went gone|grind ground|grow grew grown
hang hung|hear heard|hide hid hidden|hold held|keep kept|know knew known|lay laid|lead led|lean leant|learn learnt
leave left|lend lent|lie lay lain|light lit|lose lost|make made|mean meant|meet met|mistake mistook mistaken
oversee oversaw overseen|overcome overcame|pay paid|prove proved proven|rebuild rebuilt|redraw redrew redrawn
redo redid redone|resell resold|rethink rethought|rewrite rewrote rewritten|ride rode ridden|ring rang rung
rise rose risen|run ran|say said|see saw seen|seek sought|sell sold|send sent|sew sewed sewn|shake shook shaken
shine shone|shoot shot|show showed shown|shrink shrank shrunk|sing sang sung|sink sank sunk|sit sat|sleep slept
slide slid|sow sown|speak spoke spoken|speed sped|spell spelt|spend spent|spin spun|spoil spoilt|spring sprang sprung
stand stood|steal stole stolen|stick stuck|strike struck|strive strove striven|swear swore sworn|sweep swept
swell swollen|swim swam swum|swing swung|take took taken|teach taught|tear tore torn|tell told|think thought
throw threw thrown|undertake undertook undertaken|understand understood|undo undid undone|wake woke woken
wear wore worn|weave wove woven|win won|wind wound|withdraw withdrew withdrawn|write wrote written
overwrite overwrote overwritten|typeset typesetting|reset resetting|input inputting
analysis analyses analyse analyze|appendix appendices|axis axes|basis bases|child children|crisis crises
criterion criteria|diagnosis diagnoses|emphasis emphases|foot feet|goose geese|half halves|hypothesis hypotheses
index indices|knife knives|leaf leaves|life lives|loaf loaves|man men|matrix matrices|mouse mice
person people|phenomenon phenomena|query queries|schema schemata|shelf shelves|synopsis synopses|synthesis syntheses
thesis theses|tooth teeth|vertex vertices|wife wives|wolf wolves|woman women
catalog catalogue|center centre|color colour|customize customise|dialog dialogue|gray grey|license licence
localize localise|optimize optimise|organize organise|program programme|visualize visualise
"""
FAMILIES = [family.strip() for line in IRREGULAR.split("\n") for family in line.split("|") if family.strip()]


def of_words() -> str:
    """Return the JSON object of the forms of each irregular word; a word of two families has the forms of both."""
    found: dict[str, str] = {}
    for family in FAMILIES:
        for word in family.split():
            found[word] = f"{found[word]} {family}" if word in found else family
    return json.dumps(found)


# The stemmer also parts experienced (experienc) from experience (experi).
SEARCH_ENGLISH = f"""
CREATE FUNCTION search_english(word text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $body$
DECLARE
    stem text;
    family text;
BEGIN
    IF word !~ '^[a-z]+$' THEN
        RETURN '{{}}';
    END IF;
    stem := (ts_lexize('english_stem', word))[1];
    SELECT coalesce(known ->> word, known ->> stem, CASE WHEN stem <> word THEN known ->> (stem || 'e') END, '')
        INTO family FROM (SELECT CAST('{of_words()}' AS jsonb) AS known) AS irregular;
    IF right(stem, 3) IN ('enc', 'anc') THEN
        family := concat(family, ' ', stem, 'e');
    ELSIF rtrim(word, 's') LIKE '%nce' THEN
        family := concat(family, ' ', rtrim(word, 's'), 'd');
    ELSIF family = '' THEN
        RETURN '{{}}';
    END IF;
    RETURN ARRAY(
        SELECT DISTINCT lexeme FROM string_to_table(family, ' ') AS form, unnest(ts_lexize('english_stem', form)) AS lexeme
    );
END
$body$
"""  # noqa: S608 - constant words, no user input

# Queries: quotes keep words together, a minus excludes, parts of one written word stand side by side. Words after a star
# are endings that one may have: `програм*программа*программист`. It looks at nothing but its words, so that the planner
# knows the query itself, and every lexeme with its frequency.
SEARCH_QUERY = rf"""
CREATE OR REPLACE FUNCTION search_query(words text) RETURNS tsquery LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $body$
DECLARE
    spelled text := search_spelling(words);
    parts text[] := string_to_array(regexp_replace(spelled, '\*\S*', '', 'g'), '"');
    part text;
    asked tsquery;
    typed record;
    target tsquery;
    forms text;
BEGIN
    FOR place IN 1..cardinality(parts) BY 2 LOOP  -- what stands outside quotation marks
        part := regexp_replace(parts[place], '(?<={LETTER})-(?={LETTER})', '_', 'g');
        part := regexp_replace(part, '{HEADS}', '', 'g');
        part := regexp_replace(part, '{TAILS}', '\1', 'g');
        part := regexp_replace(part, '(?<!\S)-(\S+)', '-"\1"', 'g');
        parts[place] := regexp_replace(
            replace(part, '/', ' '), '(?<!\S)({LETTER}+(?:_{LETTER}+)+)_*(?!\S)', '"\1"', 'g');
    END LOOP;
    asked := websearch_to_tsquery('russian', translate(array_to_string(parts, '"'), '_/', '  '));
    FOR typed IN
        SELECT DISTINCT (ts_lexize('simple', hit[1]))[1] AS word, ltrim(hit[2], '*') AS endings
        FROM regexp_matches(
            translate(spelled, '_/', '  '), '([а-яa-z0-9]+)((\*[а-яa-z0-9]+)*)', 'g') AS hit
    LOOP
        target := plainto_tsquery('russian', typed.word);
        IF numnode(target) = 1 THEN
            SELECT string_agg(quote_literal(form), ' | ') INTO forms FROM (
                SELECT unnest(search_forms(typed.word) || search_english(typed.word)) AS form
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
"""  # noqa: S608 - constant expressions, no user input
# The functions of the previous release.
OLD_INVISIBLE = r"[\u00ad\u0300-\u036f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]"
OLD_SIGNS = (
    r"[\u0080-\u00a9\u00ab-\u00ac\u00ae-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u02c2-\u02c5\u02d2-\u02df"
    r"\u037e\u0387\u055a-\u055f\u0589\u058a\u05be\u05c0\u05c3\u060c\u061b\u061f\u066a-\u066d\u06d4\u0964\u0965"
    r"\u2000-\u2070\u2074-\u207e\u2080-\u208e\u20a0-\u20cf\u2100-\u2bff\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020"
    r"\u3030\u303d\u30fb\ue000-\uf8ff\ufe10-\ufe1f\ufe30-\ufe6f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
    r"\uffe0-\uffff\U0001f000-\U0001faff]"
)
OLD_JOINTS = r"\.(?![0-9])|(?<![0-9])\.|(?<=[0-9a-zA-Zа-яА-Я])-(?=[0-9])"
OLD_WORDS = rf"""
CREATE OR REPLACE FUNCTION search_words(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN translate(
    regexp_replace(
        regexp_replace(
            regexp_replace(
                regexp_replace(
                    regexp_replace(translate(normalize(words, NFC), U&'\2010\2011', '--'), '{OLD_INVISIBLE}', '', 'g'),
                    '{OLD_SIGNS}|{OLD_JOINTS}', ' ', 'g'),
                '[CcСс]\+\+', 'cplusplus', 'g'),
            '[CcСс]#', 'csharp', 'g'),
        '1[Cc]', '1с', 'g'),
    'Ёё/\_|', 'Ее    ')
"""
OLD_QUERY = r"""
CREATE OR REPLACE FUNCTION search_query(words text) RETURNS tsquery LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $body$
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


def execute(statement: str) -> None:
    """Run a statement whose groups `(?:ab)` must not be taken for parameters."""
    op.execute(statement.replace("(?:", r"(?\:"))


def upgrade() -> None:
    execute(SEARCH_SPELLING)
    op.execute(SEARCH_WORDS)
    op.execute(ORDER_SEARCH)
    op.execute(SEARCH_ENGLISH)
    execute(SEARCH_QUERY)


def downgrade() -> None:
    op.execute(OLD_QUERY)
    op.execute(OLD_WORDS)
    op.execute(OLD_ORDER_SEARCH)
    op.execute("DROP FUNCTION search_english(text)")
    op.execute("DROP FUNCTION search_spelling(text)")
