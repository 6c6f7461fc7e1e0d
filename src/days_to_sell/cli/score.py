"""``days-to-sell score``: answer raw rows with a registered version, without Spark."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TextIO

import click

from days_to_sell.cli.engines import runtime_of, tell_engine
from days_to_sell.cli.options import engine_option
from days_to_sell.cli.rows import read_rows
from days_to_sell.errors import RegistryError
from days_to_sell.registry.versions import Registry
from days_to_sell.scoring.predictor import Predictor, Refusal
from days_to_sell.settings import Engine, Settings


@click.command()
@click.argument("model")
@click.option("--version", help="Version; the one in Production if absent.")
@click.option(
    "--input", "source", type=click.File("r"), default="-", show_default=True, help="Rows as JSON lines."
)
@engine_option
def score(model: str, version: str | None, source: TextIO, engine: Engine) -> None:
    """Answer raw rows with a version of registered MODEL: one JSON line in, one out.

    \b
    Example:
      days-to-sell score days-to-sell --input cars.jsonl
    """
    registry = Registry()
    found = registry.version(model, version) if version else registry.production(model)
    if found is None:
        raise RegistryError(f"no version of {model} is in Production; promote one or give --version")
    with tempfile.TemporaryDirectory() as scratch:
        package = registry.fetch_package(found, Path(scratch) / "package")
        predictor = Predictor(package, engine=engine, runtime=runtime_of(Settings.from_env()))
        tell_engine(predictor.engine, predictor.reason)
        for _, row in read_rows(source):
            answer = predictor.predict([row])[0]
            refused = isinstance(answer, Refusal)
            click.echo(json.dumps({"error": str(answer)} if refused else {"days": answer}))
