"""``tandem restore``: the warehouse back from a file, without the people erased since."""

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from orchestration.warehouse.backup import Replay


def restore(
    file: Annotated[Path, typer.Argument(help="A file of `tandem backup`.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Replace the warehouse by a backup; erasures since then are replayed before it opens."""
    from orchestration.warehouse.backup import restore as put_back

    if not yes:
        typer.confirm("Replace everything in the warehouse by this backup?", abort=True)
    put_back(file, replay=_replay())
    typer.echo("restored: run `tandem run` to catch up with the sources")


def _replay() -> "Replay | None":
    """Return the replay of erasures, when this installation has one."""
    if importlib.util.find_spec("orchestration.privacy.replay") is None:
        return None
    replay: Replay = importlib.import_module("orchestration.privacy.replay").replay
    return replay
