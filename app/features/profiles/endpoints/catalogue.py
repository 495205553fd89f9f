"""JSON endpoints of the catalogue of freelancers."""

from typing import Annotated

from fastapi import Query

from app.core.http.dependencies import FeatureRouter, ProcessResources, ReadSession
from app.core.http.problem_details import refusals
from app.core.pagination import BadCursorError
from app.features.authentication.dependencies import OptionalActor
from app.features.catalog import service as catalog
from app.features.catalog.schemas import Searched, SuggestionRead
from app.features.profiles import service
from app.features.profiles.errors import InvalidPeopleFilterError
from app.features.profiles.schemas import MAX_QUERY, FoundPeople, PeopleQuery

router = FeatureRouter(tags=["profiles"])


@router.get("/freelancers", responses=refusals(InvalidPeopleFilterError, BadCursorError))
async def list_freelancers(
    wanted: Annotated[PeopleQuery, Query()], actor: OptionalActor, session: ReadSession, resources: ProcessResources
) -> FoundPeople:
    """List listed freelancers that match the filters. By best match each has its score and the reasons."""
    return await service.find_people(session, resources, actor, wanted)


@router.get("/freelancers/did-you-mean")
async def did_you_mean_freelancers(
    session: ReadSession, q: Annotated[str, Query(max_length=MAX_QUERY)] = ""
) -> SuggestionRead:
    """Suggest a corrected search, based on the headlines and skills of listed freelancers."""
    return SuggestionRead(suggestion=await catalog.did_you_mean(session, Searched.PEOPLE, q.replace("\x00", "")))
