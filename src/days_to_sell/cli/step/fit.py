"""``days-to-sell step fit``: the candidates fitted, calibrated, judged and compared."""

from __future__ import annotations

import click

from days_to_sell.cli.beginning import log_data, require_signing_key, session_for, tags_of
from days_to_sell.cli.options import master_option, yes_no_option
from days_to_sell.cli.step.options import step_options, step_run
from days_to_sell.cli.step.taken import checked_data, open_checked, said_done
from days_to_sell.data.shared import scratch_beside
from days_to_sell.registry.exportable import check_exportable
from days_to_sell.registry.kept import keep
from days_to_sell.registry.provenance import write_provenance
from days_to_sell.training.compare import compare
from days_to_sell.training.fitting.pipeline import build_pipeline
from days_to_sell.training.preparing.prepare import prepare


@click.command()
@step_options
@master_option
@yes_no_option("--search", "Search among the parameters that candidates name.")
def fit(folder: str, lake: str, snapshot: str, master: str, search: str) -> None:
    """Fit, calibrate and judge the candidates, and keep the chosen one in MLflow.

    \b
    Example:
      days-to-sell step fit --lake build/lake --snapshot 2025-06-30
    """
    searching = search == "yes"
    with step_run("fit", folder, lake, snapshot) as (model, flow):
        data, spec = checked_data(flow), model.spec
        if said_done("fit", flow.found("fit", data.key), searched=searching):
            return
        require_signing_key()
        spark = session_for(spec, master, data.left["training_data"])
        for candidate in spec.candidates:
            check_exportable(build_pipeline(spec, candidate))
        training_set = open_checked(spark, flow, data)
        log_data(training_set)
        prepared = prepare(spec, training_set.frame, training_set.tables)
        click.echo(f"split {prepared.description}")
        tags = tags_of(spec, training_set)
        compared = compare(spec, prepared, tags=tags, searching=searching, report=click.echo)
        made = write_provenance(compared.best, training_set.manifest, searched=searching)
        scratch = scratch_beside(spark, training_set.path)
        left = keep(compared, made=made, searched=searching, scratch=scratch)
        flow.finish(training_set.manifest.snapshot, data.key, left)
