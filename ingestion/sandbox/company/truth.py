"""Ground truth."""
from pathlib import Path
from ingestion.sandbox.company.world import World
from ingestion.sandbox.company.visiting import Visits
from ingestion.sandbox.company.clicks import Clicks

class Ledger:
    """Stub."""
    def __init__(self, folder: Path, seed: int) -> None: ...
    def visits(self, world: World, day: int, visits: Visits, clicks: Clicks, first_id: int) -> None: ...
    def write(self, world: World, now: int) -> None: ...
