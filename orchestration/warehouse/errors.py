"""What the warehouse code raises when a person has to act: one cause, one next step."""

_STOPPED = "the warehouse does not answer, or stopped meanwhile: run `tandem up`, then again"
_FULL = "the disk of the warehouse is full: make room, then run again"
_CROWDED = "the warehouse has no free connection: end some, then run again"
# PostgreSQL, appendix A, "Error Codes": conditions of the server, whatever was asked of it.
_CONDITIONS = {
    "53100": _FULL,
    "53200": "the warehouse is out of memory: make room, or lower work_mem, then run again",
    "53300": _CROWDED,
    "57P01": _STOPPED,
    "57P02": _STOPPED,
    "57P03": _STOPPED,
}


class WarehouseError(RuntimeError):
    """The warehouse cannot be used as it is; the message says why and what to do.

    Messages never hold a password, a key or a row value, so they may be shown and logged.
    """


def condition(error: BaseException) -> str | None:
    """Return cause and next step when ``error`` is about the server's state, not about data.

    Knows the errors of any driver here by their SQLSTATE, wrapped by SQLAlchemy or not. One that
    never got that far has none: then it is a connection that was refused or lost.
    """
    error = getattr(error, "orig", None) or error
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    if state:
        return _CONDITIONS.get(state)
    is_operational = any(kind.__name__ == "OperationalError" for kind in type(error).__mro__)
    if not (is_operational and "psycopg" in type(error).__module__):
        return None
    text = str(error).lower()
    if "too many" in text or "remaining connection slots" in text:
        return _CROWDED
    return _FULL if "no space left on device" in text else _STOPPED
