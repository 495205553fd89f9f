"""Update of saved searches when two skills are merged."""

from app.core.unit_of_work import UnitOfWork
from app.features.matching import rules
from app.features.matching.repository import SearchRepository


async def replace_skill(uow: UnitOfWork, old: str, new: str) -> int:
    """Replace a skill by another in all saved searches; return how many searches had the old one.

    A search that becomes equal to another search of its owner is deleted.
    """
    repository = SearchRepository(uow.session)
    searches = await repository.bound_by(f"skill:{old}")
    for search in searches:
        wanted = rules.read(search.filter)
        if wanted is None:  # the filter is no longer valid; its owner's page shows that
            continue
        skills = tuple(dict.fromkeys(new if skill == old else skill for skill in wanted.skills))
        followed = wanted.model_copy(update={"skills": skills})
        key = rules.key_of(followed)
        if await repository.find_by_filter(search.owner_id, key) is not None:
            await repository.delete(search)
            continue
        search.filter, search.filter_key = rules.to_stored_filter(followed), key
        search.anchors = rules.anchors_of_filter(followed)
        await uow.session.flush()
    return len(searches)
