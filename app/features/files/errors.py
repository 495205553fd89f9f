"""Errors of files."""

from app.core.errors import ConflictError, InvalidError, NotFoundError, RateLimitedError, UnavailableError
from app.core.http.problem_details import TooLargeError
from app.core.i18n import N_


class NoSuchFileError(NotFoundError):
    """There is no such file for this reader, or the link is invalid or expired."""

    code = "file-not-found"
    title = N_("There is no such file")
    detail = N_("The file was removed, or the link to it is too old. Open the page that shows the file again.")


class FileTakenDownError(NotFoundError):
    """The operator removed the file from the site."""

    code = "file-removed"
    title = N_("The operator removed this file")
    detail = N_("Nobody can open it. Its owner can read why under Files in the settings.")


class TakedownStateError(ConflictError):
    """The file was taken down already, or was not taken down."""

    code = "file-takedown"
    title = N_("The file is not in a state for this")
    detail = N_("It was removed from the site already, or it was not removed.")


class FileTooLargeError(TooLargeError):
    """The file is larger than its kind allows."""

    code = "file-too-large"
    title = N_("The file is too large")
    detail = N_("A file may have at most {limit}.")


class FileTypeError(InvalidError):
    """The extension of the name is not accepted."""

    code = "file-type"
    title = N_("This type of file is not accepted here")
    detail = N_("Send one of these: {types}.")


class EmptyFileError(InvalidError):
    """The file is empty."""

    code = "file-empty"
    title = N_("The file is empty")


class InvalidFilesError(InvalidError):
    """The files cannot be attached to this object."""

    code = "invalid-files"
    title = N_("Please check the files")
    detail = N_("Some files cannot be added.")


class QuotaExceededError(ConflictError):
    """The file would exceed the person's quota."""

    code = "file-quota"
    title = N_("The storage quota is used up")
    detail = N_(
        "You may keep {limit} in all. Remove files you no longer need; their space is free again a day after that."
    )


class TooManyUploadsError(RateLimitedError):
    """The person uploaded too many files or bytes, or one whose check ran out of time."""

    code = "too-many-uploads"
    title = N_("Too many uploads")
    detail = N_("You have uploaded a lot in a short time. Please try again in {minutes} min.")
    slow = N_("Checking one of your files took too long. Please try again in {minutes} min.")

    @classmethod
    def wait(cls, seconds: int, detail: str | None = None) -> "TooManyUploadsError":
        """Return the error with the time to wait."""
        return cls(detail, params={"minutes": -(-seconds // 60)}, retry_after=seconds)


class FileInUseError(ConflictError):
    """The file is attached to something and can only be removed there."""

    code = "file-in-use"
    title = N_("The file is in use")
    detail = N_("Remove it where it is attached.")


class FileNotReadyError(ConflictError):
    """The file is still being checked, or was refused."""

    code = "file-not-ready"
    title = N_("The file is not available")
    detail = N_("It is still being checked, or the check found something wrong with it.")


class FileDamagedError(UnavailableError):
    """The stored bytes differ from the uploaded ones."""

    code = "file-damaged"
    title = N_("The file is damaged")
    detail = N_("What is stored is not what was uploaded, so we do not hand it out. The operator has been told.")


class UploadOffsetError(ConflictError):
    """The offset of the piece differs from the upload's current offset."""

    code = "upload-offset"
    title = N_("The upload offset does not match")
    detail = N_("{offset} bytes have arrived. Send the rest from there.")


class UploadBusyError(ConflictError):
    """Another request is writing to the same upload."""

    code = "upload-busy"
    title = N_("This upload is already in progress")
    detail = N_("Wait until the other request has ended, then ask how far it came.")


class StorageDownError(UnavailableError):
    """The storage does not answer or is full."""

    code = "storage-unavailable"
    title = N_("File storage is temporarily unavailable")
    detail = N_("Nothing was lost. Please try again in a moment.")


class UploadInterruptedError(Exception):
    """The client disconnected before the whole piece was received; nobody reads this response."""
