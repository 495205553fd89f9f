"""The JSON face of profiles."""

from fastapi import APIRouter

from app.features.profiles.endpoints.facts import router as facts

router = APIRouter()
router.include_router(facts)

__all__ = ["router"]
