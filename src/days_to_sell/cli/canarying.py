"""``--canary``: how a release asks for one."""

from __future__ import annotations

from functools import wraps
from typing import Any

import click

from days_to_sell.cli.options import Command
from days_to_sell.release.canary.rule import Rule, read_share
from days_to_sell.release.canary.watch import Watch


class Share(click.ParamType[int]):
    """A share of the requests, as whole percent."""

    name = "percent"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read it."""
        try:
            return read_share(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


def canary_options(command: Command) -> Command:
    """``--canary`` and what belongs to it, given to the command as one argument ``canary``."""
    usual = Rule()

    @wraps(command)
    def with_canary(
        *args: Any,
        canary: int | None,
        canary_requests: int | None,
        canary_minutes: float | None,
        **kwargs: Any,
    ) -> Any:
        return command(*args, canary=_watch(canary, canary_requests, canary_minutes), **kwargs)

    for option in (
        click.option(
            "--canary-minutes",
            type=click.FloatRange(min=0, min_open=True),
            help="Minutes to wait for these requests; then what serves serves on.  "
            f"[default: {usual.seconds / 60:g}]",
        ),
        click.option(
            "--canary-requests",
            type=click.IntRange(min=1),
            help=f"Requests after which a canary gets all of them.  [default: {usual.requests}]",
        ),
        click.option(
            "--canary",
            type=Share(),
            metavar="SHARE",
            help="Try the version out on a share of the requests, 1% to 50%, before it gets all of them: "
            "10%, or 0.1.",
        ),
    ):
        with_canary = option(with_canary)
    return with_canary


def _watch(share: int | None, requests: int | None, minutes: float | None) -> Watch | None:
    if share is None:
        if requests is not None or minutes is not None:
            raise click.UsageError("--canary-requests and --canary-minutes belong to --canary")
        return None
    usual = Rule()
    return Watch(Rule(share, requests or usual.requests, minutes * 60 if minutes else usual.seconds))
