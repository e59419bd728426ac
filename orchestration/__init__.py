"""Dagster definitions and the machinery they call: warehouse, identity, consent, publishing."""

from orchestration.telemetry import switch_off

switch_off()
