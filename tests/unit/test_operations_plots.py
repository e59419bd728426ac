"""Pictures are PNG inside markdown, and a volume is judged by the band it is drawn with."""

import base64
from datetime import date

import pytest

from orchestration.operations import plots

PICTURES = {
    "bands": lambda: plots.bands([plots.Band("contacts", [3, 4, 90], 2, 8)], "a"),
    "no band": lambda: plots.bands([], "b"),
    "bars": lambda: plots.bars({"lead": 3, "customer": 1}, "c", {"lead": "(75%)"}),
    "no bar": lambda: plots.bars({}, "d"),
    "stacked": lambda: plots.stacked_bars({"marts.a": {"added": 1, "removed": 0}}, "e"),
    "nothing stacked": lambda: plots.stacked_bars({}, "f"),
    "strip": lambda: plots.strip({"marts.a": 1.0, "marts.b": 99.0}, 26, 48, "g"),
    "areas": lambda: plots.areas(
        [date(2026, 9, 1), date(2026, 9, 2)], {"granted": [1, 2], "denied": [0, 1]}, "h"
    ),
    "no area": lambda: plots.areas([], {}, "i"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_a_png_in_markdown_even_with_nothing_to_show(name: str) -> None:
    told = PICTURES[name]()
    head, _, content = told.partition("base64,")
    assert head.startswith("![")
    assert head.endswith("](data:image/png;")
    assert base64.b64decode(content.removesuffix(")")).startswith(b"\x89PNG")
    # a picture lives in the event log, once per materialisation
    assert len(told) < 60_000


def test_a_volume_outside_its_band_is_seen_and_without_a_band_nothing_is() -> None:
    assert plots.Band("a", [5, 6, 7], 3, 9).is_inside
    assert not plots.Band("a", [5, 6, 70], 3, 9).is_inside
    assert plots.Band("a", [70], None, None).is_inside
