"""The catalogue as one immutable object shared by all requests of a process, and the search for skills in it."""

import re
import sys
import unicodedata
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

MAX_QUERY = 60
TYPO_SIMILARITY = 0.4
_GAPS = re.compile(r"[ -]+")
_LAST_WORD = re.compile(r"(?:^|.*\s)([^\W\d_]{3,40})", re.DOTALL)
_STARRED = re.compile(r"(?<!\w)([^\W\d_]{3,40})\*\S*")
_LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_CYRILLIC = "йцукенгшщзхъфывапролджэячсмитьбюё"
_OTHER_LAYOUT = str.maketrans(_LATIN + _CYRILLIC, _CYRILLIC + _LATIN)
_SHIFTED = str.maketrans('{}:"<>~', "[];',.`")
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters by their category that look like a blank."""
_WORD_CATEGORIES = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl"})


@dataclass(frozen=True, slots=True)
class CategoryEntry:
    """A category of the catalogue."""

    id: int
    slug: str
    parent_id: int | None
    name_en: str
    name_ru: str

    def name(self, locale: str) -> str:
        """Return the name in a language."""
        return self.name_ru if locale == "ru" else self.name_en


@dataclass(frozen=True, slots=True)
class SkillEntry:
    """A skill of the catalogue."""

    slug: str
    category_id: int
    name_en: str
    name_ru: str
    synonyms: tuple[str, ...] = ()

    def name(self, locale: str) -> str:
        """Return the name in a language."""
        return self.name_ru if locale == "ru" else self.name_en


@dataclass(frozen=True, slots=True)
class Tags:
    """Typed skills, divided into those that the catalogue knows and other words."""

    skills: tuple[str, ...]
    words: tuple[str, ...]


def fold(text: str) -> str:
    """Normalize a name for comparison: lower case, single spaces, е for ё."""
    return " ".join(text.casefold().replace("ё", "е").split())


def other_layout(text: str) -> str:
    """Return the text that the same keys produce in the other keyboard layout (Latin or Cyrillic)."""
    return text.translate(_OTHER_LAYOUT)


def unshifted(text: str) -> str:
    """Return the signs that the same keys of a Latin keyboard produce without Shift; letters stay."""
    return text.translate(_SHIFTED)


def has_words(query: str) -> bool:
    """Tell whether a search contains a letter or a digit, as the SQL function `search_words` understands them.

    Signs, superscripts, fractions and marks that stand alone are no words.
    """
    return any(
        unicodedata.category(letter) in _WORD_CATEGORIES and letter not in _FILLERS
        for letter in unicodedata.normalize("NFC", query)
    )


def trigrams(text: str) -> frozenset[str]:
    """Return the trigrams of a normalized text, padded at both ends."""
    padded = f"  {text} "
    return frozenset(padded[index : index + 3] for index in range(len(padded) - 2))


@dataclass(frozen=True, slots=True)
class _Key:
    text: str
    skill: SkillEntry
    is_name: bool


class _PrefixIndex:
    """A sorted index of each name from each of its words to its end, searched by prefix."""

    def __init__(self, keys: Sequence[_Key]) -> None:
        ends = [
            (key.text[start:], number)
            for number, key in enumerate(keys)
            for start in (0, *(place.end() for place in _GAPS.finditer(key.text)))
        ]
        ends.sort()
        self._texts = [text for text, _number in ends]
        self._numbers = array("L", (number for _text, number in ends))

    def of(self, wanted: str) -> Iterator[tuple[int, str]]:
        """Yield the index and the matching end of each name that contains the prefix at the start of a word."""
        first = bisect_left(self._texts, wanted)
        last = bisect_left(self._texts, wanted + chr(sys.maxunicode), first)
        for place in range(first, last):
            yield self._numbers[place], self._texts[place]


class _TrigramIndex:
    """An index of the names by trigram; a search compares only names that share a trigram with the text."""

    def __init__(self, keys: Sequence[_Key]) -> None:
        self._names: dict[str, array[int]] = {}
        self._counts = array("H")
        for number, key in enumerate(keys):
            pieces = trigrams(key.text)
            self._counts.append(len(pieces))
            for piece in pieces:
                self._names.setdefault(piece, array("L")).append(number)

    def alike(self, text: str) -> Iterator[tuple[int, float]]:
        """Yield the index and the similarity (Dice coefficient, 0 to 1) of each name that is similar enough."""
        pieces = trigrams(text)
        shared: Counter[int] = Counter()
        for piece in pieces:
            shared.update(self._names.get(piece, ()))
        for number, count in shared.items():
            score = 2 * count / (len(pieces) + self._counts[number])
            if score >= TYPO_SIMILARITY:
                yield number, score


def _keys_of(skill: SkillEntry) -> list[_Key]:
    """Return the keys by which a skill is found: its names first, then its synonyms."""
    own = {fold(skill.name_en), fold(skill.name_ru), skill.slug}
    others = {fold(word) for word in skill.synonyms} - own
    return [
        *(_Key(text, skill, is_name=True) for text in sorted(own)),
        *(_Key(text, skill, is_name=False) for text in sorted(others)),
    ]


def _skills_by_name(keys: Sequence[_Key]) -> dict[str, SkillEntry]:
    """Return the skill of each text; a name takes precedence over a synonym, then the first skill over later ones."""
    names = {key.text: key.skill for key in keys if key.is_name}
    return {key.text: key.skill for key in reversed(keys)} | names


def _match_position(category: CategoryEntry, typed: str) -> int | None:
    """Return 0 if a name of the category starts with the text, 1 if a later word does, and None otherwise."""
    names = (fold(category.name_en), fold(category.name_ru))
    if any(name.startswith(typed) for name in names):
        return 0
    return 1 if any(word.startswith(typed) for name in names for word in _GAPS.split(name)) else None


@dataclass(frozen=True, eq=False)
class Catalogue:
    """All categories and skills; lookups are dictionary reads."""

    categories: tuple[CategoryEntry, ...] = ()
    skills: tuple[SkillEntry, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict[str, str])
    """Slugs of merged skills, each with the slug of the skill that replaced it."""
    _by_slug: dict[str, CategoryEntry] = field(init=False)
    _by_id: dict[int, CategoryEntry] = field(init=False)
    _skills: dict[str, SkillEntry] = field(init=False)
    _names: dict[str, SkillEntry] = field(init=False)
    _keys: tuple[_Key, ...] = field(init=False)

    def __post_init__(self) -> None:
        keys = tuple(key for skill in self.skills for key in _keys_of(skill))
        object.__setattr__(self, "_by_slug", {entry.slug: entry for entry in self.categories})
        object.__setattr__(self, "_by_id", {entry.id: entry for entry in self.categories})
        own_slugs = {entry.slug: entry for entry in self.skills}
        redirected = {slug: own_slugs[kept] for slug, kept in self.aliases.items() if kept in own_slugs}
        object.__setattr__(self, "_skills", redirected | own_slugs)
        object.__setattr__(self, "_names", redirected | _skills_by_name(keys))
        object.__setattr__(self, "_keys", keys)

    def category(self, slug: str) -> CategoryEntry | None:
        """Return a category by its slug."""
        return self._by_slug.get(slug)

    def category_by_id(self, category_id: int | None) -> CategoryEntry | None:
        """Return a category by its id."""
        return self._by_id.get(category_id) if category_id is not None else None

    def skill(self, slug: str) -> SkillEntry | None:
        """Return a skill by its slug."""
        return self._skills.get(slug)

    def parts(self, parent_id: int | None) -> tuple[CategoryEntry, ...]:
        """Return the direct subcategories of a category, or the top-level categories."""
        return tuple(entry for entry in self.categories if entry.parent_id == parent_id)

    def with_parts(self, category: CategoryEntry) -> tuple[int, ...]:
        """Return the ids of a category and its subcategories."""
        return (category.id, *(part.id for part in self.parts(category.id)))

    def resolve(self, text: str) -> SkillEntry | None:
        """Find a skill by a name, a synonym or a slug."""
        return self._names.get(fold(text))

    def split_known_skills(self, texts: Iterable[str]) -> Tags:
        """Divide typed texts into known skills and other words, without duplicates, in the order typed."""
        skills: dict[str, None] = {}
        words: dict[str, str] = {}
        for text in texts:
            found = self.resolve(text)
            if found:
                skills[found.slug] = None
            elif fold(text):
                words.setdefault(fold(text), text)
        return Tags(tuple(skills), tuple(words.values()))

    def suggest(self, typed: str, limit: int = 10) -> list[SkillEntry]:
        """Return the skills that match the typed text, best first.

        A match of the whole name comes first, then the start of a name, then the start of a later word. Typing errors
        and the other keyboard layout are considered only if nothing starts with the text.
        """
        wanted = fold(typed[:MAX_QUERY])[:MAX_QUERY]
        if not wanted:
            return list(self.skills[:limit])
        found = self._by_prefix(wanted)
        if not found:
            found = self._by_prefix(wanted.translate(_OTHER_LAYOUT)) or self._by_similarity(wanted)
        best = sorted(found.items(), key=lambda item: (item[1], len(item[0]), item[0]))
        return [self._skills[slug] for slug, _rank in best[:limit]]

    def suggest_categories(self, typed: str, limit: int) -> list[CategoryEntry]:
        """Return categories with a word that starts with the text, names that start with it first.

        The other keyboard layout is tried if nothing matches.
        """
        wanted = fold(typed[:MAX_QUERY])[:MAX_QUERY]
        for text in (wanted, wanted.translate(_OTHER_LAYOUT)) if wanted else ():
            found = ((entry.slug, _match_position(entry, text)) for entry in self.categories)
            ranks = {slug: rank for slug, rank in found if rank is not None}
            if ranks:
                best = sorted(ranks, key=lambda slug: (ranks[slug], self._by_slug[slug].parent_id is not None, slug))
                return [self._by_slug[slug] for slug in best[:limit]]
        return []

    @cached_property
    def _prefix_index(self) -> _PrefixIndex:
        return _PrefixIndex(self._keys)

    @cached_property
    def _trigram_index(self) -> _TrigramIndex:
        return _TrigramIndex(self._keys)

    def _by_prefix(self, wanted: str) -> dict[str, float]:
        ranks: dict[str, float] = {}
        for number, end in self._prefix_index.of(wanted):
            key = self._keys[number]
            rank = 2.0 if len(end) < len(key.text) else 1.0 if len(end) > len(wanted) else 0.0
            # Of equal matches, the shorter name is closer to the typed text.
            rank += (0.0 if key.is_name else 0.5) + len(key.text) / 1000
            ranks[key.skill.slug] = min(rank, ranks.get(key.skill.slug, rank))
        return ranks

    def _by_similarity(self, wanted: str) -> dict[str, float]:
        ranks: dict[str, float] = {}
        for number, score in self._trigram_index.alike(wanted):
            slug = self._keys[number].skill.slug
            ranks[slug] = min(1 - score, ranks.get(slug, 1.0))
        return ranks


def last_word(query: str) -> str | None:
    """Return the last word of a search in dictionary form if it may be unfinished, else None.

    A word in quotes, one excluded by a minus, and one with other characters than letters are never unfinished.
    """
    found = None if '"' in query else _LAST_WORD.fullmatch(query)
    return term(found[1]) if found else None


def wildcard_prefixes(query: str) -> set[str]:
    """Return the prefixes in a search that are marked with a star."""
    return {term(word) for word in _STARRED.findall(query)}


def expand_prefixes(query: str, endings: Mapping[str, Sequence[str]]) -> str:
    """Append the possible completions to each unfinished word, in the syntax of the SQL function `search_query`."""
    last = last_word(query)
    if last in endings:
        query = f"{query}*"

    def complete(match: re.Match[str]) -> str:
        return "*".join([match[1], *endings.get(term(match[1]), ())])

    return _STARRED.sub(complete, query)


def term(word: str) -> str:
    """Return the dictionary form of a word."""
    return word.lower().replace("ё", "е")
