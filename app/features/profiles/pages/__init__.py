"""The pages of profiles: the catalogue, the public one, the editor, the portfolio, and whom one keeps or hides."""

from fastapi import APIRouter

from app.features.profiles.pages.catalogue import router as catalogue
from app.features.profiles.pages.editor import router as editor
from app.features.profiles.pages.people import router as people
from app.features.profiles.pages.portfolio import router as portfolio

router = APIRouter()
router.include_router(catalogue)
router.include_router(editor)
router.include_router(portfolio)
router.include_router(people)

__all__ = ["router"]
