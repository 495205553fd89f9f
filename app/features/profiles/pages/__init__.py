"""Pages of profiles: catalogue, public profile, editors, favourites and hidden customers."""

from app.core.http.dependencies import FeatureRouter
from app.features.files.dependencies import form_with_files
from app.features.profiles.pages.catalogue import router as catalogue
from app.features.profiles.pages.editor import router as editor
from app.features.profiles.pages.photo import router as photo
from app.features.profiles.pages.portfolio import router as portfolio
from app.features.profiles.pages.public_profile import router as public_profile
from app.features.profiles.pages.share_image import router as share_image

LONG_BODY_ROUTES = (form_with_files("/settings/portfolio/[^/]+"), form_with_files("/settings/photo"))
"""Paths of the forms with file uploads."""
router = FeatureRouter()
router.include_router(catalogue)
router.include_router(editor)
router.include_router(photo)
router.include_router(portfolio)
router.include_router(public_profile)
router.include_router(share_image)

__all__ = ["LONG_BODY_ROUTES", "router"]
