"""The faults of ``catalogue.yml`` and the tests that cause them."""

from dataclasses import dataclass
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Fault:
    """One fault and the tests that cause it."""

    name: str
    must_hold: str
    tests: tuple[str, ...]


FAULTS = tuple(
    Fault(line["name"], line["must_hold"], tuple(line["tests"]))
    for line in yaml.safe_load(Path(__file__).with_suffix(".yml").read_text())
)
