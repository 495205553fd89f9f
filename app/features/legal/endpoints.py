"""JSON endpoints of legal statuses."""

from typing import Annotated

from fastapi import Path

from app.core.http.dependencies import FeatureRouter, ProcessResources, ReadSession, Uow
from app.core.http.problem_details import refusals
from app.features.authentication.dependencies import ClientInfo, CurrentActor
from app.features.legal import service
from app.features.legal.errors import InvalidLegalStatusError, LegalStatusChangedError
from app.features.legal.schemas import Country, LegalForms, LegalStatusHistory, LegalStatusPut, LegalStatusRead

router = FeatureRouter(tags=["legal status"])


@router.get("/legal-forms/{country}")
async def get_legal_forms(country: Annotated[Country, Path()]) -> LegalForms:
    """Return what each kind of legal status is asked for in a country. No session is needed."""
    return service.get_forms(country)


@router.get("/profiles/me/legal-status")
async def get_legal_status(actor: CurrentActor, session: ReadSession, resources: ProcessResources) -> LegalStatusRead:
    """Return your legal details, which only you can see until you have a contract."""
    return await service.get_status(session, resources.settings, actor)


@router.put("/profiles/me/legal-status", responses=refusals(InvalidLegalStatusError, LegalStatusChangedError))
async def put_legal_status(
    command: LegalStatusPut, actor: CurrentActor, caller: ClientInfo, uow: Uow
) -> LegalStatusRead:
    """Save your legal details. Numbers are checked by form and check digit. Responds 409 when `version` is outdated."""
    await service.save_status(uow, actor, command, caller)
    return await service.get_status(uow.session, uow.resources.settings, actor)


@router.get("/profiles/me/legal-status/history")
async def list_legal_status_history(
    actor: CurrentActor, session: ReadSession, resources: ProcessResources
) -> LegalStatusHistory:
    """List the saved versions of your legal details, newest first, with what each one changed."""
    return await service.get_history(session, resources.settings, actor)
