"""The catalogue as one frozen value that every request of a process shares, and how typed words find a skill in it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

MAX_QUERY = 60
TYPO_SIMILARITY = 0.4
_LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_CYRILLIC = "йцукенгшщзхъфывапролджэячсмитьбюё"
_OTHER_LAYOUT = str.maketrans(_LATIN + _CYRILLIC, _CYRILLIC + _LATIN)


@dataclass(frozen=True, slots=True)
class CategoryEntry:
    """A category as pages and answers need it."""

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
    """A skill as pages and answers need it."""

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
    """What somebody typed as skills: those the catalogue knows, and the rest as plain words."""

    skills: tuple[str, ...]
    words: tuple[str, ...]


def fold(text: str) -> str:
    """Return the form in which names are compared: no case, one space, е for ё."""
    return " ".join(text.casefold().replace("ё", "е").split())


def other_layout(text: str) -> str:
    """Return what the same keys write on the other keyboard, Latin for Cyrillic and Cyrillic for Latin."""
    return text.translate(_OTHER_LAYOUT)


def trigrams(text: str) -> frozenset[str]:
    """Return the three-letter pieces of a folded text, its edges marked."""
    padded = f"  {text} "
    return frozenset(padded[index : index + 3] for index in range(len(padded) - 2))


def similarity(one: frozenset[str], other: frozenset[str]) -> float:
    """Return how alike two texts are, from 0 to 1 (Dice)."""
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0


@dataclass(frozen=True, slots=True)
class _Key:
    text: str
    pieces: frozenset[str]
    skill: SkillEntry
    is_name: bool


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """Every category and skill; look-ups are dictionary reads."""

    categories: tuple[CategoryEntry, ...] = ()
    skills: tuple[SkillEntry, ...] = ()
    _by_slug: dict[str, CategoryEntry] = field(init=False)
    _by_id: dict[int, CategoryEntry] = field(init=False)
    _skills: dict[str, SkillEntry] = field(init=False)
    _names: dict[str, SkillEntry] = field(init=False)
    _keys: tuple[_Key, ...] = field(init=False)

    def __post_init__(self) -> None:
        keys: list[_Key] = []
        names: dict[str, SkillEntry] = {}
        for skill in self.skills:
            own = {fold(skill.name_en), fold(skill.name_ru), skill.slug}
            others = {fold(word) for word in skill.synonyms} - own
            keys += [_Key(text, trigrams(text), skill, is_name=True) for text in sorted(own)]
            keys += [_Key(text, trigrams(text), skill, is_name=False) for text in sorted(others)]
            for text in own:
                names[text] = skill
        for key in keys:
            names.setdefault(key.text, key.skill)
        object.__setattr__(self, "_by_slug", {entry.slug: entry for entry in self.categories})
        object.__setattr__(self, "_by_id", {entry.id: entry for entry in self.categories})
        object.__setattr__(self, "_skills", {entry.slug: entry for entry in self.skills})
        object.__setattr__(self, "_names", names)
        object.__setattr__(self, "_keys", tuple(keys))

    def category(self, slug: str) -> CategoryEntry | None:
        """Return a category by its name in addresses."""
        return self._by_slug.get(slug)

    def category_by_id(self, category_id: int | None) -> CategoryEntry | None:
        """Return a category by its key."""
        return self._by_id.get(category_id) if category_id is not None else None

    def skill(self, slug: str) -> SkillEntry | None:
        """Return a skill by its name in addresses."""
        return self._skills.get(slug)

    def parts(self, parent_id: int | None) -> tuple[CategoryEntry, ...]:
        """Return the categories directly inside one, or the top ones."""
        return tuple(entry for entry in self.categories if entry.parent_id == parent_id)

    def with_parts(self, category: CategoryEntry) -> tuple[int, ...]:
        """Return the keys of a category and of everything inside it."""
        return (category.id, *(part.id for part in self.parts(category.id)))

    def resolve(self, text: str) -> SkillEntry | None:
        """Find the skill that somebody means by a name, a synonym or a slug."""
        return self._names.get(fold(text))

    def sort_out(self, texts: Iterable[str]) -> Tags:
        """Part typed texts into known skills and plain words; each is kept once, in the order typed."""
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
        """Return skills that fit what was typed so far, best first.

        A whole name comes before the beginning of a name, that before the beginning of a later word, and
        only where nothing begins so are typing errors and the other keyboard layout considered.
        """
        wanted = fold(typed)[:MAX_QUERY]
        if not wanted:
            return list(self.skills[:limit])
        found = self._beginning(wanted)
        if not found:
            found = self._beginning(wanted.translate(_OTHER_LAYOUT)) or self._alike(wanted)
        best = sorted(found.items(), key=lambda item: (item[1], len(item[0]), item[0]))
        return [self._skills[slug] for slug, _rank in best[:limit]]

    def _beginning(self, wanted: str) -> dict[str, float]:
        ranks: dict[str, float] = {}
        for key in self._keys:
            if key.text == wanted:
                rank = 0.0
            elif key.text.startswith(wanted):
                rank = 1.0
            elif f" {wanted}" in key.text.replace("-", " "):
                rank = 2.0
            else:
                continue
            # Among equals the shorter name is nearer to what was typed.
            rank += (0.0 if key.is_name else 0.5) + len(key.text) / 1000
            ranks[key.skill.slug] = min(rank, ranks.get(key.skill.slug, rank))
        return ranks

    def _alike(self, wanted: str) -> dict[str, float]:
        pieces = trigrams(wanted)
        ranks: dict[str, float] = {}
        for key in self._keys:
            score = similarity(pieces, key.pieces)
            if score >= TYPO_SIMILARITY:
                ranks[key.skill.slug] = min(1 - score, ranks.get(key.skill.slug, 1.0))
        return ranks
