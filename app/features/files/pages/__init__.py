"""Pages of files: downloads, and the list of a person's own files."""

from app.features.files.pages.downloads import links
from app.features.files.pages.own_files import router

__all__ = ["links", "router"]
