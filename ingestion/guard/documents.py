"""From bytes to JSON values without letting one bad record spoil its neighbours.

The fast parser refuses a whole page for one lone surrogate, NaN or depth bomb; then a tolerant
reading keeps the page and leaves the oddity in place for `ingestion.guard.values` to turn away.
"""

import json
from typing import Any

import orjson

from ingestion.guard.values import TOO_DEEP_MARK

# Structures below this depth are replaced by a mark before the tolerant parser recurses.
_DEEPEST = 200


class NotJsonError(ValueError):
    """The bytes are not a JSON document at all (truncated, HTML …)."""


def parse_json(body: bytes) -> Any:
    """Return the JSON value of a response or line.

    Raises:
        NotJsonError: when it is none; the text is not quoted.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(_without_depth(body.decode("utf-8", errors="surrogateescape")))
    except (ValueError, RecursionError):
        raise NotJsonError(f"{len(body)} bytes that are no JSON document") from None


def _without_depth(text: str) -> str:
    """Return ``text`` with every structure deeper than `_DEEPEST` replaced by the mark."""
    kept: list[str] = []
    depth = start = index = 0
    in_string = False
    while index < len(text):
        character = text[index]
        if in_string:
            if character == "\\":
                index += 1
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            if depth == _DEEPEST + 1:
                kept.append(text[start:index])
        elif character in "]}":
            if depth == _DEEPEST + 1:
                kept.append(json.dumps(TOO_DEEP_MARK))
                start = index + 1
            depth -= 1
        index += 1
    kept.append(text[start:])
    return "".join(kept)
