"""The quality report: one HTML file that renders offline, without a script or an outside address.

(GX's own Data Docs load scripts and styles from elsewhere and so break in a closed network.)
It shows statuses, counts and queries; no value of any row was ever in the results it is made from.
"""

from collections.abc import Sequence
from datetime import datetime
from html import escape
from pathlib import Path

from expectations.results import CheckResult, blocking

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;
color:#1c2430;background:#fff}
h1{font-size:1.5rem;margin-bottom:.2rem}h2{font-size:1.1rem;margin:2rem 0 .4rem}
p.sub{color:#5b6675;margin:.2rem 0 1rem}
.sum{display:flex;gap:1rem;flex-wrap:wrap}.sum div{padding:.6rem 1rem;border-radius:.5rem;
background:#f2f4f7;min-width:7rem}.sum b{display:block;font-size:1.4rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .6rem;
border-bottom:1px solid #e4e8ee;vertical-align:top}th{color:#5b6675;font-weight:600}
td.n{text-align:right;font-variant-numeric:tabular-nums}
.passed{color:#116b3c}.failed{color:#b3261e;font-weight:600}.warned{color:#8a5a00;font-weight:600}
.error{color:#6b1fa8;font-weight:600}
details{margin:.2rem 0}pre{white-space:pre-wrap;background:#f2f4f7;padding:.6rem;
border-radius:.4rem;margin:.3rem 0}
@media(prefers-color-scheme:dark){body{background:#14181e;color:#dfe5ee}.sum div,pre{
background:#1f2630}td,th{border-color:#2b3441}.passed{color:#5fd495}.failed{color:#ff8a80}
.warned{color:#f2c14e}.error{color:#cf9bff}}
"""


def write(
    results: Sequence[CheckResult], path: Path, *, at: datetime, run_id: str | None = None
) -> Path:
    """Write the report of ``results`` to ``path`` and return it; ``at`` is UTC."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(results, at=at, run_id=run_id), encoding="utf-8")
    return path


def render(results: Sequence[CheckResult], *, at: datetime, run_id: str | None = None) -> str:
    """Return the report as HTML."""
    suites = sorted({result.suite for result in results})
    held = blocking(results)
    verdict = (
        f"{len(held)} results hold the release back" if held else "nothing holds the release back"
    )
    of_run = f", run {escape(run_id)}" if run_id else ""
    counts = {
        "checks": len(results),
        "passed": sum(r.status == "passed" for r in results),
        "failed": sum(r.status == "failed" for r in results),
        "not carried out": sum(r.status == "error" for r in results),
    }
    tiles = "".join(f"<div><b>{count}</b>{name}</div>" for name, count in counts.items())
    sections = "".join(
        _section(suite, [result for result in results if result.suite == suite]) for suite in suites
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Quality report</title><style>{_STYLE}</style></head><body>"
        f"<h1>Quality report</h1><p class=sub>{at:%Y-%m-%d %H:%M} UTC{of_run}: {verdict}. "
        "Counts only; a query shows the rows to whoever may see them.</p>"
        f"<div class=sum>{tiles}</div>{sections}</body></html>"
    )


def _section(suite: str, results: Sequence[CheckResult]) -> str:
    worst_first = sorted(results, key=lambda r: (r.passed, not r.is_blocking, r.name))
    rows = "".join(_row(result) for result in worst_first)
    return (
        f"<h2>{escape(suite)}</h2><table><tr><th>check</th><th>severity</th><th>outcome</th>"
        f"<th>unexpected</th><th>of</th></tr>{rows}</table>"
    )


def _row(result: CheckResult) -> str:
    kind = "warned" if result.status == "failed" and not result.is_blocking else result.status
    outcome = {"passed": "passed", "failed": "failed", "error": "not carried out"}[result.status]
    notes = f"<br><small>{escape(result.why)}</small>" if result.why else ""
    if result.error:
        notes += f"<br><small>{escape(result.error)}</small>"
    if result.query and not result.passed:
        notes += f"<details><summary>query</summary><pre>{escape(result.query)}</pre></details>"
    return (
        f"<tr><td>{escape(result.name)}{notes}</td><td>{result.severity}</td>"
        f"<td class={kind}>{outcome}</td><td class=n>{_count(result.unexpected_count)}</td>"
        f"<td class=n>{_count(result.evaluated)}</td></tr>"
    )


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
