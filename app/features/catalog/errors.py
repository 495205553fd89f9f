"""Errors of the catalogue."""

from app.core.errors import InvalidError, NotFoundError
from app.core.i18n import N_


class UnknownCategoryError(InvalidError):
    """The category does not exist."""

    code = "unknown-category"
    title = N_("There is no such category")
    detail = N_("There is no category “{category}”. Choose one from the list.")


class DamagedCatalogueError(InvalidError):
    """The catalogue's data file contradicts itself; nothing was loaded."""

    code = "damaged-catalogue"
    title = N_("The catalogue cannot be loaded")
    detail = N_("“{slug}” names a category that is not in the catalogue.")


class UnknownSkillError(NotFoundError):
    """No skill has this slug."""

    code = "unknown-skill"
    title = N_("There is no such skill")
    detail = N_("There is no skill “{skill}”. Give its name in addresses, such as web-design.")


class SkillNameTakenError(InvalidError):
    """The name or synonym already belongs to another skill."""

    code = "skill-name-taken"
    title = N_("The name is taken")
    detail = N_("“{name}” leads to the skill “{skill}” already. Merge the two, or choose another name.")
