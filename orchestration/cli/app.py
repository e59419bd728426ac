"""The ``tandem`` command: finds each command's module when it is asked for, and ends errors well.

A command ``name`` is the function ``name`` of ``orchestration/cli/name.py``, or its ``app`` when it
is a group. Modules import what is heavy inside their functions.
"""

import ast
import importlib
import os
import sys
import traceback
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from orchestration.warehouse.errors import condition

PACKAGE = "orchestration.cli"
COMMANDS = {
    "Every day": ("run", "status", "ui", "sql", "url", "diff"),
    "Warehouse": ("up", "down", "doctor", "backup", "restore", "bench"),
    "Subjects": ("sandbox", "identity", "consent", "journey", "privacy", "release"),
}
# Our own errors say cause and next step; nobody else's do, and theirs may quote a person's values.
OURS = ("ingestion.", "expectations.", "orchestration.")


class LazyGroup(TyperGroup):
    """Imports a command's module when the command is named; a list of all imports none."""

    _is_listing = False

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the commands in the order they are shown."""
        return [name for names in COMMANDS.values() for name in names if _file(name).exists()]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Show the list of commands, each with the first line of its help."""
        self._is_listing = True
        super().format_help(ctx, formatter)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return one command, or none when there is no such."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command: Any
        if self._is_listing:
            command = TyperCommand(cmd_name, help=described(_file(cmd_name).read_text(), cmd_name))
        else:
            command = _load(cmd_name)
        command.rich_help_panel = next(p for p, names in COMMANDS.items() if cmd_name in names)
        return command


def described(source: str, name: str) -> str:
    """Return what a command's source says it does, without importing it.

    That is the docstring of the function ``name``, or else the ``help`` of its ``typer.Typer``.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return ast.get_docstring(node) or ""
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "typer.Typer":
            for keyword in node.keywords:
                if keyword.arg == "help" and isinstance(keyword.value, ast.Constant):
                    return str(keyword.value.value)
    return ""


def _file(name: str) -> Path:
    return Path(__file__).with_name(f"{name}.py")


def _load(name: str) -> Any:
    module = importlib.import_module(f"{PACKAGE}.{name}")
    holder = typer.Typer(add_completion=False)
    holder.callback()(lambda: None)
    if (group := getattr(module, "app", None)) is not None:
        holder.add_typer(group, name=name)
    else:
        holder.command(name)(getattr(module, name))
    commands: Any = typer.main.get_command(holder)
    return commands.commands[name]


app = typer.Typer(
    name="tandem",
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


@app.callback()
def root() -> None:
    """Tandem: the open customer data hub that marketing and IT own together."""


def main() -> None:
    """Run one command; an error becomes one line and exit code 1.

    ``TANDEM_DEBUG=1`` shows the traceback instead.
    """
    try:
        app()
    except Exception as error:
        if os.environ.get("TANDEM_DEBUG") == "1":
            raise
        typer.secho(f"tandem: {explained(error)}", fg=typer.colors.RED, err=True)
        sys.exit(1)


def explained(error: Exception) -> str:
    """Return cause and next step; of a stranger's error its kind and place, never its text."""
    kind = type(error)
    if kind.__module__.startswith(OURS):
        return str(error)
    if told := condition(error):
        return told
    places = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(places[-1].filename).name}:{places[-1].lineno}" if places else ""
    return f"unexpected {kind.__name__}{place}: TANDEM_DEBUG=1 shows it in full, please report it"
