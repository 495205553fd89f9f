"""The pages of files: what their links lead to, and what somebody keeps here."""

from app.features.files.pages.downloads import links
from app.features.files.pages.own_files import router

__all__ = ["links", "router"]
