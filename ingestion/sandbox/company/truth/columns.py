"""How truth writes instants: UTC timestamps, null for what did not happen (yet)."""

import numpy as np
import pyarrow as pa

from ingestion.sandbox.company.clock import NEVER
from ingestion.sandbox.company.draws import Ints

_FROM, _TO = -2_208_988_800, 253_402_214_400
FOREVER = _TO


def instants(seconds: Ints, now: int = NEVER) -> pa.Array:
    """Return seconds as timestamps; null when never or after ``now``."""
    values = np.asarray(seconds, dtype=np.int64)
    hidden = (values >= NEVER) | (values > now)
    shown = np.where(hidden, 0, np.clip(values, _FROM, _TO))
    return pa.array(shown, pa.int64(), mask=hidden).cast(pa.timestamp("s"))


def bounds(seconds: Ints) -> pa.Array:
    """Return interval ends as timestamps; never becomes 9999-12-31."""
    values = np.where(np.asarray(seconds) >= NEVER, FOREVER, seconds)
    return pa.array(values, pa.int64()).cast(pa.timestamp("s"))
