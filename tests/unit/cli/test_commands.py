"""The command line as a whole: help, versions, and what a machine lacks."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from days_to_sell import __version__
from days_to_sell.cli import COMMANDS, cli
from days_to_sell.cli.entry import run
from days_to_sell.errors import DaysToSellError
from tests.unit.cli.conftest import Call


def _paths(group: click.Group, *before: str) -> list[tuple[str, ...]]:
    context = click.Context(group)
    found: list[tuple[str, ...]] = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        nested = isinstance(command, click.Group)
        found += _paths(command, *before, name) if nested else [(*before, name)]
    return found


@pytest.mark.parametrize("path", _paths(cli), ids=" ".join)
def test_every_command_explains_itself(call: Call, path: tuple[str, ...]) -> None:
    """Each has a sentence and says what every option is for."""
    ended = call(*path, "--help")
    assert ended.code == 0
    assert ended.out.startswith(f"Usage: days-to-sell {' '.join(path)}")
    command: click.Command | None = cli
    for name in path:
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), name)
    assert command is not None
    assert command.help
    options = [option for option in command.params if isinstance(option, click.Option)]
    assert [option.name for option in options if not option.help and option.name != "help"] == []


def test_the_commands_are_those_that_are_listed(call: Call) -> None:
    """The help of the whole names each of them, and the version is the package's."""
    listed = call("--help").out
    assert [name for name in COMMANDS if f"\n  {name}" not in listed] == []
    assert __version__ in call("--version").out


def test_a_command_that_is_not_there_is_a_usage_error(call: Call) -> None:
    """A misspelt command ends with code 2."""
    ended = call("trian")
    assert ended.code == 2
    assert "No such command 'trian'" in ended.err


def test_asking_for_help_imports_neither_spark_nor_mlflow() -> None:
    """Help answers at once: what takes seconds to import is imported by the command that needs it."""
    code = (
        "import sys; from days_to_sell.cli import cli; cli(['--version'], standalone_mode=False); "
        "print([name for name in ('pyspark', 'mlflow', 'pandas') if name in sys.modules])"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout.splitlines()[-1] == "[]"


def test_an_error_of_ours_is_a_message_and_another_is_not_hidden(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was refused on purpose ends with code 1; a defect keeps its stack trace."""

    @click.command()
    @click.argument("kind")
    def fail(kind: str) -> None:
        raise DaysToSellError("no; do this instead") if kind == "ours" else ZeroDivisionError

    monkeypatch.setattr(sys, "argv", ["fail", "ours"])
    with pytest.raises(SystemExit) as ended:
        run(fail)
    assert (ended.value.code, capsys.readouterr().err) == (1, "error: no; do this instead\n")
    monkeypatch.setattr(sys, "argv", ["fail", "defect"])
    with pytest.raises(ZeroDivisionError):
        run(fail)


def test_a_setting_that_cannot_be_used_is_named(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable of the wrong kind is one message that names it."""
    monkeypatch.setenv("DAYS_TO_SELL_MAX_ROWS", "many")
    ended = call("doctor")
    assert ended.code == 1
    assert ended.err == "error: DAYS_TO_SELL_MAX_ROWS is 'many'; set it to a whole number above zero\n"
