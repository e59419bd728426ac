"""What the privacy code raises when a person has to act: one cause, one next step."""


class PrivacyError(RuntimeError):
    """A right cannot be served as asked; messages never hold a personal value."""
