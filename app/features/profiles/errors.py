"""Errors of profiles."""

from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.core.i18n import N_


class PersonNotFoundError(NotFoundError):
    """No active account has this user name."""

    code = "person-not-found"
    title = N_("There is no user with this name")
    detail = N_("The name may be misspelled, or the account is closed.")


class ProfileRemovedError(NotFoundError):
    """The operator has taken this profile down."""

    code = "profile-removed"
    title = N_("The operator has removed this profile")
    detail = N_("It broke a rule of the site. This person’s orders and proposals go on as before.")


class ProfileTakedownStateError(ConflictError):
    """The profile or work was taken down already, was not taken down, or may not be listed while it is."""

    code = "profile-takedown"
    title = N_("The profile is not in a state for this")
    detail = N_("It was removed from the site already, or it was not removed. A removed profile cannot be listed.")


class InvalidProfileError(InvalidError):
    """The profile data is invalid; `errors` lists the fields."""

    code = "invalid-profile"
    title = N_("Please check the profile")


class NoPhotoError(ConflictError):
    """There is no photo to crop."""

    code = "no-photo"
    title = N_("There is no picture yet")
    detail = N_("Choose a picture first, then the part of it that stands for you.")


class ProfileChangedError(ConflictError):
    """The profile was changed in the meantime."""

    code = "profile-changed"
    title = N_("The profile has changed in the meantime")
    detail = N_("It was changed in another window. Open it again, then make your change.")


class PortfolioItemNotFoundError(NotFoundError):
    """The actor has no such portfolio item."""

    code = "portfolio-item-not-found"
    title = N_("There is no such portfolio item")
    detail = N_("It is not in your portfolio. It may have been taken out in another window.")


class PortfolioFullError(ConflictError):
    """The portfolio has reached its maximum number of items."""

    code = "portfolio-full"
    title = N_("The portfolio is full")
    detail = N_("A portfolio holds up to {limit} pieces of work. Take one out first.")


class SelfReferenceError(ConflictError):
    """The actor tried to add themselves to one of their lists."""

    code = "oneself"
    title = N_("This is your own account")
    detail = N_("You cannot do this with your own account.")


class ListFullError(ConflictError):
    """A list of people has reached its maximum length."""

    code = "too-many-kept"
    title = N_("The list is full")
    detail = N_("The list holds up to {limit} people. Take somebody out first.")


class InvalidPeopleFilterError(InvalidError):
    """A filter of the catalogue of freelancers is invalid."""

    code = "invalid-people-filter"
    title = N_("The filters cannot be applied")
    detail = N_("Mend the marked field, or start again without filters.")
