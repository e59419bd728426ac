"""What the consent code raises when a person has to act: one cause, one next step."""


class ConsentError(RuntimeError):
    """Something about consent cannot be done as asked; messages never hold a personal value."""
