"""What the warehouse code raises when a person has to act: one cause, one next step."""


class WarehouseError(RuntimeError):
    """The warehouse cannot be used as it is; the message says why and what to do.

    Messages never hold a password, a key or a row value, so they may be shown and logged.
    """
