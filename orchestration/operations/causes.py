"""From what went wrong to the words of an alert: cause, next step, runbook.

Our own errors say cause and next step and hold no value; of anybody else's only the kind is told,
since their text may quote a row.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ingestion.settings import home
from orchestration.operations.alerting import Alert

RUNBOOKS = "orchestration/runbooks"
OURS = ("ingestion.", "expectations.", "orchestration.")
# How many names a text lists before it counts the rest.
_NAMED = 8

PAGES: Mapping[str, str] = {
    "LoadError": "load_failed",
    "SandboxError": "load_failed",
    "TransformationError": "build_failed",
    "IdentityError": "build_failed",
    "PersonalDataRefused": "personal_data_refused",
    "DeclarationError": "privileges_differ",
    "PublishBusy": "publish_busy",
    "LockedOut": "publish_locked_out",
    "ReleaseBlocked": "release_blocked",
    "SchemaRefused": "schema_refused",
    "ChecksFailed": "check_failed",
    "PublishError": "publish_failed",
    "ManifestError": "publish_failed",
    "WarehouseError": "warehouse_down",
    "SettingsError": "warehouse_down",
    "OperationalError": "warehouse_down",
    "HubBusy": "run_stuck",
    "StepFailed": "run_failed",
    "SmokeFailed": "smoke_failed",
    "DagsterAssetCheckFailedError": "check_failed",
}


@dataclass(frozen=True)
class Failure:
    """One failed step (or the run as a whole, with an empty step): kind of error and its text."""

    step: str
    kind: str
    message: str

    @property
    def cause(self) -> str:
        """Return the cause in words that may leave the machine."""
        text = self.message.strip()
        if text.startswith(OURS):
            return text.partition(": ")[2] or self.kind
        if self.kind == "DagsterAssetCheckFailedError":
            return " ".join(text.partition(": ")[2].split())
        where = f" in {self.step}" if self.step else ""
        return f"unexpected {self.kind}{where}; its text stays in Dagster, as it may quote data"


def page(name: str) -> str:
    """Return where a runbook is: under ``TANDEM_RUNBOOKS_URL`` when set, else in the project."""
    return f"{os.environ.get('TANDEM_RUNBOOKS_URL', RUNBOOKS).rstrip('/')}/{name}.md"


def ui(path: str) -> str:
    """Return an address in the Dagster UI (``TANDEM_UI_URL``, else where it last ran)."""
    base = os.environ.get("TANDEM_UI_URL", "").rstrip("/")
    memory = home() / "ui.port"
    if not base and memory.exists():
        base = f"http://127.0.0.1:{memory.read_text().strip()}"
    return f"{base}{path}" if base else f"Dagster, {path}"


def run_failed(job: str, run_id: str, failures: Sequence[Failure], ended: str) -> Alert:
    """Return the alert of a failed run; ``ended`` is what is known when no step failed."""
    name = next((PAGES[f.kind] for f in failures if f.kind in PAGES), "run_failed")
    steps = [f"{f.step or job}: {f.cause}" for f in failures]
    return Alert(
        f"Tandem: {job} failed",
        "\n".join(steps) or ended or "the run ended before its steps did",
        page(name),
        ui(f"/runs/{run_id}"),
    )


def checks_failed(
    run_id: str, failed: Sequence[str], broken: Sequence[str], *, is_held: bool
) -> Alert:
    """Return the alert of a run's checks: what does not hold, what could not be carried out."""
    parts = []
    if failed:
        parts.append(f"{len(failed)} checks do not hold: {listed(failed)}")
    if broken:
        parts.append(f"{len(broken)} checks could not be carried out: {listed(broken)}")
    held = "the release is held back" if is_held else "the release goes on"
    return Alert(
        f"Tandem: {len(failed) + len(broken)} checks to look at, {held}",
        "\n".join(parts),
        page("check_error" if broken else "check_failed"),
        ui(f"/runs/{run_id}"),
        "failure" if is_held else "warning",
    )


def late(states: Mapping[str, str]) -> Alert:
    """Return the alert of tables whose freshness window passed: table to state."""
    failed = sorted(name for name, state in states.items() if state == "FAIL")
    warned = sorted(name for name, state in states.items() if state != "FAIL")
    parts = [f"too old: {listed(failed)}"] if failed else []
    parts += [f"about to be: {listed(warned)}"] if warned else []
    return Alert(
        f"Tandem: {len(states)} tables are late",
        "; ".join(parts),
        page("freshness"),
        ui("/assets"),
        "failure" if failed else "warning",
    )


def automation_failed(name: str, kind: str, times: int) -> Alert:
    """Return the alert of a sensor or schedule whose evaluation raised."""
    often = f"{times} times " if times > 1 else ""
    return Alert(
        f"Tandem: {name} raised",
        f"{name} could not be evaluated {often}({kind}); nothing was started by it",
        page("sensor_error"),
        ui("/automation"),
    )


def listed(names: Sequence[str]) -> str:
    """Return the first names and how many there are more."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
