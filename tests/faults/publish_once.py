"""One publish of the small test world, as a process of its own that a test can kill.

Run as ``python -m tests.faults.publish_once HOME DBNAME RUN_ID``.
"""

import sys
from pathlib import Path

from tests.conftest import Warehouse
from tests.integration.publishing_world import World

if __name__ == "__main__":
    home, dbname, run_id = sys.argv[1:]
    World(Warehouse(Path(home), dbname)).publish(run_id)
