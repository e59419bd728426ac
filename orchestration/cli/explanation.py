"""How ``tandem identity explain`` shows an explanation on a terminal."""

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from orchestration.identity.explain import Explanation

MOST_RECORDS = 3


def show(found: "Explanation", console: Console) -> None:
    """Print what connects, what was cut and what happened."""
    console.print(f"person {found.person or 'none'}", highlight=False)
    members = Table("type", "key", "from", "to")
    for kind, key, start, end in found.identifiers:
        span = (
            "" if start.year == 1900 else f"{start:%Y-%m-%d}",
            "" if end.year == 9999 else f"{end:%Y-%m-%d}",
        )
        members.add_row(kind, key, *span)
    console.print(members)
    if found.steps:
        steps = Table("identifier", "identifier", "seen together in", "from", "to", "times")
        for s in found.steps:
            records = ", ".join(s.records[:3]) + (
                f" and {len(s.records) - 3} more" if len(s.records) > 3 else ""
            )
            steps.add_row(
                s.left,
                s.right,
                records,
                f"{s.first_seen:%Y-%m-%d}",
                f"{s.last_seen:%Y-%m-%d}",
                str(s.count),
            )
        console.print(steps)
    for cut in found.cuts:
        console.print(
            f"cut: {cut.left} - {cut.right or 'everybody'} ({cut.reason})", highlight=False
        )
    for at, kind, became, cause in found.history:
        console.print(f"{at:%Y-%m-%d %H:%M} {kind} {became or ''} ({cause})", highlight=False)
