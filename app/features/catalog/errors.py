"""How the catalogue fails."""

from app.core.errors import InvalidError
from app.core.i18n import N_


class UnknownCategoryError(InvalidError):
    """No category has this name."""

    code = "unknown-category"
    title = N_("There is no such category")
    detail = N_("There is no category “{category}”. Choose one from the list.")


class DamagedCatalogueError(InvalidError):
    """The catalogue's data contradicts itself, so none of it was loaded."""

    code = "damaged-catalogue"
    title = N_("The catalogue cannot be loaded")
    detail = N_("“{slug}” names a category that is not in the catalogue.")
