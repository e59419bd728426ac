"""Draws small pictures: numbers in, PNG out, as markdown that shows it without any other file.

Nothing here knows where numbers come from; labels are names of tables, stages and states.
"""

import base64
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ingestion.settings import home

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DPI = 100
# Inches; 6.4 at 100 dpi fits the metadata column of the UI without scaling.
_WIDTH = 6.4
_INK, _MUTED, _GRID = "#1c2430", "#5b6675", "#e4e8ee"
_BLUE, _GREEN, _RED, _AMBER, _GREY = "#2f6fde", "#1f8f5f", "#c2402f", "#d99a1c", "#aab3c0"
STATE_COLOURS = {"granted": _GREEN, "denied": _RED, "unknown": _GREY}
_SERIES = (_BLUE, _GREEN, _AMBER, _RED, "#7a4fc9", "#2aa5b8", _GREY)


@dataclass(frozen=True)
class Band:
    """One series against its own usual range, oldest first; without a range nothing is judged."""

    name: str
    values: Sequence[float]
    low: float | None
    high: float | None

    @property
    def is_inside(self) -> bool:
        """Return whether the newest value is usual, or nothing is known about what is."""
        if not self.values or self.low is None or self.high is None:
            return True
        return self.low <= self.values[-1] <= self.high


def bands(series: Sequence[Band], title: str) -> str:
    """Draw each series small, its usual range shaded, the newest value green or red."""
    from matplotlib.ticker import MaxNLocator

    columns = 3
    rows = max(1, -(-len(series) // columns))
    height = 0.5 + 1.25 * rows
    # Fitting so many axes to their labels takes longer than drawing them.
    figure = _figure(height, layout=None)
    figure.subplots_adjust(
        left=0.08, right=0.99, bottom=0.1 / height, top=1 - 0.6 / height, wspace=0.3, hspace=0.3
    )
    for position, band in enumerate(series):
        axes = figure.add_subplot(rows, columns, position + 1)
        _plain(axes)
        places = range(1, len(band.values) + 1)
        if band.low is not None and band.high is not None:
            axes.axhspan(band.low, band.high, color=_BLUE, alpha=0.12, linewidth=0)
        axes.plot(places, band.values, ".-", color=_MUTED, linewidth=1, markersize=3)
        if band.values:
            colour = _GREEN if band.is_inside else _RED
            axes.plot([len(band.values)], [band.values[-1]], "o", color=colour, markersize=5)
            axes.set_ylim(0, max(*band.values, band.high or 0, 1) * 1.15)
        axes.set_xticks([])
        axes.yaxis.set_major_locator(MaxNLocator(nbins=3, integer=True))
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.set_title(band.name, fontsize=8, color=_INK, loc="left")
    return _markdown(figure, title)


def bars(values: Mapping[str, float], title: str, notes: Mapping[str, str] | None = None) -> str:
    """Draw horizontal bars in the given order, each with its number and a note."""
    figure = _figure(0.6 + 0.24 * max(1, len(values)))
    axes = figure.add_subplot()
    _plain(axes)
    names = list(values)
    axes.barh(range(len(names)), list(values.values()), color=_BLUE, height=0.7)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.invert_yaxis()
    axes.set_xticks([])
    most = max(values.values(), default=0) or 1
    axes.set_xlim(0, most * 1.3)
    for place, name in enumerate(names):
        note = f"  {(notes or {}).get(name, '')}".rstrip()
        axes.text(
            values[name] + most * 0.01, place, f"{values[name]:,.0f}{note}", va="center", fontsize=8
        )
    return _markdown(figure, title)


def stacked_bars(rows: Mapping[str, Mapping[str, float]], title: str) -> str:
    """Draw one horizontal bar per row, split into named parts (added, removed, changed, …)."""
    parts = list(dict.fromkeys(part for split in rows.values() for part in split))
    colours = {"added": _GREEN, "removed": _RED, "changed": _AMBER}
    figure = _figure(0.9 + 0.22 * max(1, len(rows)))
    axes = figure.add_subplot()
    _plain(axes)
    left = [0.0] * len(rows)
    for position, part in enumerate(parts):
        sizes = [float(split.get(part, 0)) for split in rows.values()]
        colour = colours.get(part, _SERIES[position % len(_SERIES)])
        axes.barh(range(len(rows)), sizes, left=left, color=colour, height=0.7, label=part)
        left = [before + size for before, size in zip(left, sizes, strict=True)]
    axes.set_yticks(range(len(rows)), list(rows), fontsize=7)
    axes.invert_yaxis()
    axes.tick_params(axis="x", labelsize=7, colors=_MUTED)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    if parts:
        figure.legend(fontsize=7, frameon=False, ncols=len(parts), loc="outside upper right")
    return _markdown(figure, title)


def strip(hours: Mapping[str, float], warn: float, fail: float, title: str) -> str:
    """Draw ages in hours as labelled cells coloured by their window."""
    # Two, so that the longest name of a mart and its age fit.
    columns = 2
    rows = max(1, -(-len(hours) // columns))
    height = 0.4 + 0.24 * rows
    figure = _figure(height, layout=None)
    axes = figure.add_axes((0.01, 0.02, 0.98, 1 - 0.35 / height))
    places = [divmod(position, rows) for position in range(len(hours))]
    colours = [_GREEN if age < warn else _AMBER if age < fail else _RED for age in hours.values()]
    axes.barh(
        [row for _, row in places],
        0.97,
        left=[column for column, _ in places],
        color=colours,
        height=0.86,
    )
    for (column, row), (name, age) in zip(places, hours.items(), strict=True):
        text = f"{name}  {age:,.1f} h"
        axes.text(column + 0.02, row, text, va="center", fontsize=6, color="white")
    axes.set_axis_off()
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_xlim(0, columns)
    return _markdown(figure, title)


def areas(times: Sequence[Any], layers: Mapping[str, Sequence[float]], title: str) -> str:
    """Draw stacked areas over time; known states have their own colours."""
    figure = _figure(2.2)
    axes = figure.add_subplot()
    _plain(axes)
    colours = [
        STATE_COLOURS.get(name, _SERIES[place % len(_SERIES)]) for place, name in enumerate(layers)
    ]
    if times and layers:
        axes.stackplot(times, *layers.values(), labels=list(layers), colors=colours, alpha=0.85)
        axes.legend(fontsize=7, frameon=False, loc="upper left", ncols=len(layers))
    axes.tick_params(labelsize=7, colors=_MUTED)
    axes.yaxis.set_major_formatter("{x:,.0f}")
    figure.autofmt_xdate(rotation=0, ha="center")
    return _markdown(figure, title)


def _figure(height: float, layout: Literal["constrained"] | None = "constrained") -> "Figure":
    # Its font cache belongs under the home, not under whoever runs us.
    os.environ.setdefault("MPLCONFIGDIR", str(home() / "matplotlib"))
    from matplotlib.figure import Figure

    return Figure(figsize=(_WIDTH, height), dpi=_DPI, facecolor="white", layout=layout)


def _plain(axes: "Axes") -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_GRID)
    axes.tick_params(length=0, labelsize=7, colors=_INK)


def _markdown(figure: "Figure", title: str) -> str:
    figure.suptitle(title, fontsize=10, color=_INK, x=0.01, ha="left")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return f"![{title}](data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()})"
