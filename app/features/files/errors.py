"""How files fail."""

from app.core.errors import ConflictError, InvalidError, NotFoundError, UnavailableError
from app.core.http.problem_details import TooLargeError
from app.core.i18n import N_


class NoSuchFileError(NotFoundError):
    """No such file for this reader, or a link that is not good any more."""

    code = "file-not-found"
    title = N_("There is no such file")
    detail = N_("The file was removed, or the link to it is too old. Open the page that shows the file again.")


class FileTooLargeError(TooLargeError):
    """The file is longer than its kind allows."""

    code = "file-too-large"
    title = N_("The file is too large")
    detail = N_("A file may have at most {limit}.")


class FileTypeError(InvalidError):
    """The name ends in something that is not taken here."""

    code = "file-type"
    title = N_("Files of this type are not taken here")
    detail = N_("Send one of these: {types}.")


class EmptyFileError(InvalidError):
    """A file without a byte."""

    code = "file-empty"
    title = N_("The file is empty")


class InvalidFilesError(InvalidError):
    """Files that cannot belong to this."""

    code = "invalid-files"
    title = N_("Please check the files")
    detail = N_("Some files cannot be added.")


class QuotaExceededError(ConflictError):
    """The person's files together would be more than one may keep."""

    code = "file-quota"
    title = N_("There is no room for more files")
    detail = N_("You may keep {limit} in all. Remove files you no longer need, then try again.")


class FileInUseError(ConflictError):
    """The file is part of something and can only be removed there."""

    code = "file-in-use"
    title = N_("The file is in use")
    detail = N_("Remove it where it is attached.")


class FileNotReadyError(ConflictError):
    """The file is still being looked at, or was refused."""

    code = "file-not-ready"
    title = N_("The file cannot be handed out")
    detail = N_("It is still being checked, or the check found something wrong with it.")


class FileDamagedError(UnavailableError):
    """The bytes that are stored are not those that were uploaded."""

    code = "file-damaged"
    title = N_("The file is damaged")
    detail = N_("What is stored is not what was uploaded, so we do not hand it out. The operator has been told.")


class UploadOffsetError(ConflictError):
    """The upload stands elsewhere than the sender thinks."""

    code = "upload-offset"
    title = N_("The upload goes on from another place")
    detail = N_("{offset} bytes have arrived. Send the rest from there.")


class UploadBusyError(ConflictError):
    """Another request sends to the same upload."""

    code = "upload-busy"
    title = N_("This upload is being sent already")
    detail = N_("Wait until the other request has ended, then ask how far it came.")


class StorageDownError(UnavailableError):
    """The place where files are kept does not answer or has no room."""

    code = "storage-unavailable"
    title = N_("Files cannot be kept or read just now")
    detail = N_("Nothing was lost. Please try again in a moment.")
