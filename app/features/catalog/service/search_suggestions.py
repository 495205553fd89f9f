"""Use cases of the search dictionary: build it, parse typed searches, and suggest corrections."""

import re
from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.audit import record_audit
from app.core.persistence.raw_read_pool import RawReadPool
from app.core.unit_of_work import UnitOfWork
from app.features.catalog.repository import SearchIndexRepository, TermRepository
from app.features.catalog.rules import (
    expand_prefixes,
    has_words,
    last_word,
    other_layout,
    term,
    unshifted,
    wildcard_prefixes,
)
from app.features.catalog.schemas import Searched

_WORD = re.compile(r"(?<![\w-])[^\W\d_]{3,40}")
"""Words that can be corrected: letters only, and not excluded by a minus."""
_KEYS = re.compile(r"""(?<!\S)(?=[^a-z\s]*[a-z])[a-z\[\];',.`{}:"<>~]{3,40}(?!\S)""", re.IGNORECASE | re.ASCII)
"""What Latin keys produce for a Cyrillic word: б ю ж э х ъ ё are on keys with signs."""
_PUNCTUATION = ",.;:"
MAX_WORDS = 6
MAX_ENDINGS = 8
"""Maximum number of completions of one prefix; each is an index lookup."""


def deletion_keys(word: str) -> set[str]:
    """Return the word and its one-letter deletions (SymSpell keys)."""
    return {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))}


def edit_distance(one: str, other: str) -> int:
    """Return the edit distance: the number of letters to insert, delete, replace or swap with their neighbour."""
    rows = [list(range(len(other) + 1))]
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, wanted in enumerate(other, 1):
            cost = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]


def nearest(word: str, found: Sequence[tuple[str, int]]) -> str | None:
    """Return the word with the smallest edit distance; of equal ones the first, which is the most frequent."""
    return min((pair[0] for pair in found), key=lambda other: edit_distance(word, other), default=None)


async def learn_terms(uow: UnitOfWork, searched: Searched) -> None:
    """Rebuild the dictionary of one kind of search from the newest texts."""
    await TermRepository(uow.session, searched).learn()


async def renew_search(uow: UnitOfWork, searched: Searched, after: UUID) -> UUID | None:
    """Renew one batch of stored search columns; return the key to continue from, or None at the end."""
    return await SearchIndexRepository(uow.session).renew_batch(searched, after)


async def forget_terms(uow: UnitOfWork, after: str) -> str | None:
    """Delete one batch of terms that no text has any longer; return the term to continue from, or None at the end."""
    return await SearchIndexRepository(uow.session).forget_batch(after)


async def learn_first_terms(uow: UnitOfWork, actor: Actor, *, reason: str = "") -> int:
    """Build the search dictionary if it is empty, without waiting for the periodic task; return its size."""
    dictionary = TermRepository(uow.session, Searched.ORDERS)
    if await dictionary.size():
        return 0
    for searched in Searched:
        await learn_terms(uow, searched)
    count = await dictionary.size()
    record_audit(uow.session, actor, "search_terms.learn", "search_terms", new={"count": count}, reason=reason)
    return count


async def parse_queries(
    session: AsyncSession, searched: Searched, queries: Collection[str], read_pool: RawReadPool | None = None
) -> dict[str, str]:
    """Return typed searches as `tsquery` texts, with word forms and the completions of unfinished words.

    Words followed by a star are unfinished. In searches for orders a last word that is not in the dictionary is
    unfinished too; in searches for people every last word is. Up to eight completions are added for each word, the
    most frequent ones. Runs at most three statements, whatever the number of searches.
    """
    repository = TermRepository(session, searched, read_pool)
    last = {word for query in queries if (word := last_word(query))}
    read, known = await repository.read(queries, last if searched is Searched.ORDERS else ())
    unfinished = (last - known).union(*map(wildcard_prefixes, queries))
    if unfinished:
        endings = await repository.endings(unfinished, MAX_ENDINGS)
        completed = {query: complete for query in queries if (complete := expand_prefixes(query, endings)) != query}
        again, _known = await repository.read(set(completed.values()), ()) if completed else ({}, set[str]())
        read |= {query: again[complete] for query, complete in completed.items()}
    return read


def _cyrillic_words(keys: str) -> list[str]:
    """Return the words that Latin keys may stand for; the last key may be a letter or punctuation."""
    return [term(other_layout(unshifted(typed.lower()))) for typed in (keys, keys.rstrip(_PUNCTUATION))]


async def did_you_mean(session: AsyncSession, searched: Searched, typed: str) -> str | None:
    """Return the query with unknown words corrected, or None if there is no correction."""
    if not has_words(typed):
        return None
    repository = TermRepository(session, searched)
    words = {term(word) for word in _WORD.findall(typed)[:MAX_WORDS]}
    swapped = {word: other_layout(word) for word in words}
    keyed = {word for keys in _KEYS.findall(typed)[:MAX_WORDS] for word in _cyrillic_words(keys)}
    known = await repository.known(words | set(swapped.values()) | keyed)

    def change_layout(match: re.Match[str]) -> str:
        return next((word for word in _cyrillic_words(match[0]) if word in known), match[0])

    changed = _KEYS.sub(change_layout, typed)
    better: dict[str, str] = {}
    for word in sorted(words.intersection(map(term, _WORD.findall(changed))) - known):
        found = swapped[word] if swapped[word] in known else nearest(word, await repository.alike(deletion_keys(word)))
        if found is not None:
            better[word] = found

    def correct(match: re.Match[str]) -> str:
        return better.get(term(match[0]), match[0])

    suggestion = _WORD.sub(correct, changed)
    return suggestion if suggestion != typed else None
