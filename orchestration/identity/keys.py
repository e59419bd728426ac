"""Subject keys of values that people type: blocklist lines and commands. The guard's own keyer."""

from collections.abc import Callable

from ingestion.guard.keys import Keyer, KeyRing, normalised


def key_maker() -> Callable[[str, str], str | None]:
    """Return a function from (type, value) to the subject key, or nothing if it identifies nobody.

    Raises:
        SettingsError: when the matching key was never made.
    """
    keyer = Keyer(KeyRing.from_secret("k_match.key"))

    def key_of(identifier_type: str, value: str) -> str | None:
        return keyer.key(identifier_type, normalised(identifier_type, value))

    return key_of
