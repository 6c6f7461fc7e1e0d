"""Groups of commands that take a model where a subcommand could stand: ``history MODEL``."""

from __future__ import annotations

from typing import Any

import click


class ModelFirst(click.Group):
    """A group with a subcommand that is meant where none is named.

    Args:
        usual: Name of that subcommand.
        alone: Whether the bare group means it too, rather than asking for help.
        **attributes: As ``click.Group`` takes them.
    """

    def __init__(self, *args: Any, usual: str, alone: bool = False, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.usual = usual
        self.alone = alone

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Put the subcommand in front of what names none."""
        named = args and (args[0] in self.commands or args[0] in context.help_option_names)
        if not named and (args or self.alone):
            args = [self.usual, *args]
        return super().parse_args(context, args)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Find a subcommand; what is none is the usual one's first argument."""
        return self.commands.get(name) or self.commands[self.usual]
