"""What can go wrong with a source, each with cause and next step, and never a value of a row."""

from typing import ClassVar


class SourceError(RuntimeError):
    """A load stopped. ``cause`` says why, ``next_step`` what the operator can do."""

    def __init__(self, vendor: str, cause: str, next_step: str) -> None:
        super().__init__(f"{vendor}: {cause}. Next: {next_step}.")
        self.vendor = vendor
        self.cause = cause
        self.next_step = next_step


class CredentialsError(SourceError):
    """The vendor no longer takes the token (HTTP 401)."""

    def __init__(self, vendor: str, setting: str = "access_token") -> None:
        super().__init__(
            vendor,
            "the credentials were refused (401): expired, revoked or of another account",
            f"create a new token and put it into [sources.{vendor}] {setting}",
        )


class DailyLimitError(SourceError):
    """The account's calls for today are used up; retrying cannot help."""

    def __init__(self, vendor: str) -> None:
        super().__init__(
            vendor,
            "the account's daily limit of API calls is used up",
            "run again tomorrow, or lower the frequency of other integrations",
        )


class UnreachableError(SourceError):
    """The vendor did not answer usefully, in spite of retries."""


class VendorRefusedError(SourceError):
    """The vendor understood and refused: scope, version, address, request."""

    _STEPS: ClassVar[dict[int, str]] = {
        400: "the vendor's API changed, or the account lacks a property: see its changelog",
        403: "grant the token the missing scope or permission, then run again",
        404: "check base_url and API version in the source's settings",
        410: "the API version is switched off: update the setting",
    }

    def __init__(self, vendor: str, status: int, category: str = "") -> None:
        detail = f" ({category})" if category else ""
        super().__init__(
            vendor,
            f"the request was refused with status {status}{detail}",
            self._STEPS.get(status, "check the source's settings"),
        )
        self.status = status


class WrongAnswerError(SourceError):
    """The answer is well-formed and cannot be right: cyclic cursor, missing rows, wrong total."""

    def __init__(self, vendor: str, cause: str) -> None:
        super().__init__(
            vendor, cause, "run again; if it stays, report it to the vendor with this message"
        )


class EmptySourceError(SourceError):
    """A full read came back with far fewer rows than are known: nothing is taken over."""

    def __init__(self, vendor: str, what: str, found: int, known: int) -> None:
        super().__init__(
            vendor,
            f"only {found} {what} are left where {known} were known",
            f"check the account; if it is right, set [sources.{vendor}] accept_shrinking with "
            "the reason",
        )
