"""The error by which the inspecting process rejects a file."""


class RefusedError(Exception):
    """The file is rejected; `reason` is a `models.file.FileRefusal`.

    `cause` is a `models.file.RefusalCause` where it is known more exactly, and `entry` the entry of an archive or the
    part of a document that is at fault.
    """

    def __init__(self, reason: str, cause: str | None = None, entry: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.cause = cause
        self.entry = entry
