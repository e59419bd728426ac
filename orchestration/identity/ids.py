"""New person ids: UUIDv7, random apart from the time they were made, ascending within a batch."""

import numpy as np
import uuid_utils

from orchestration.identity.registry import Ids


def new_ids(count: int) -> Ids:
    """Return ``count`` fresh ids as 36-byte strings."""
    return np.array([str(uuid_utils.uuid7()) for _ in range(count)], "S36")
