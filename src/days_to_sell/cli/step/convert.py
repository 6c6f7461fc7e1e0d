"""``days-to-sell step convert``: the chosen candidate as an MLeap bundle, proved and logged."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from days_to_sell.cli import making
from days_to_sell.cli.beginning import require_signing_key, session_for
from days_to_sell.cli.options import master_option
from days_to_sell.cli.step.options import step_options, step_run
from days_to_sell.cli.step.taken import checked_data, open_checked, said_done
from days_to_sell.data.shared import scratch_beside
from days_to_sell.registry.kept import take_up
from days_to_sell.training.preparing.prepare import prepare


@click.command()
@step_options
@master_option
def convert(folder: str, lake: str, snapshot: str, master: str) -> None:
    """Export the chosen candidate to MLeap, write its golden data, prove it, and log it with three flavours.

    \b
    Example:
      days-to-sell step convert --lake build/lake --snapshot 2025-06-30
    """
    with (
        step_run("convert", folder, lake, snapshot) as (model, flow),
        tempfile.TemporaryDirectory() as scratch,
    ):
        data, spec = checked_data(flow), model.spec
        kept = flow.needed("fit", data.key).left
        if said_done("convert", flow.found("convert", data.key), searched=kept["searched"]):
            return
        require_signing_key()
        spark = session_for(spec, master, data.left["training_data"])
        training_set = open_checked(spark, flow, data)
        prepared = prepare(spec, training_set.frame, training_set.tables)
        taken = take_up(kept, spec, prepared, scratch=scratch_beside(spark, training_set.path))
        converted = making.convert(
            spec,
            taken,
            prepared,
            training_set,
            target=Path(scratch) / "package",
            made=taken.made,
            searched=taken.searched,
        )
        logged = converted.logged
        left = {
            "model_id": logged.model_id,
            "digest": logged.package.digest,
            "flavors": list(logged.flavors),
            "tags": dict(logged.tags),
            "description": converted.description,
            "searched": taken.searched,
        }
        flow.finish(training_set.manifest.snapshot, data.key, left)
