"""Every tool's usage reporting, off.

Left on, each of them also waits for an unreachable host at exit where the network is closed.
Called before any of these tools is imported; a value set by the user wins.
"""

import os

SWITCHES = {
    "DO_NOT_TRACK": "1",
    "DAGSTER_DISABLE_TELEMETRY": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
}


def switch_off() -> None:
    """Set the switches that dagster, dbt, dlt and GX read."""
    for name, value in SWITCHES.items():
        os.environ.setdefault(name, value)
