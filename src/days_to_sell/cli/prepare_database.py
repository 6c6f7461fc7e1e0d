"""``days-to-sell prepare-database``: the tables of a gated MLflow server, before it starts."""

from __future__ import annotations

import click


@click.command()
@click.argument("address", metavar="DATABASE")
def prepare_database(address: str) -> None:
    """Make the tables that an MLflow server with our registry store needs in DATABASE.

    MLflow's own are made where there are none, then those of the event log. Tables that are there are left as
    they are: where they are of another version, it says so, and what to do. The password need not stand in
    the address: for PostgreSQL, PGPASSWORD or PGPASSFILE does.

    \b
    Examples:
      days-to-sell prepare-database postgresql://mlflow@db/mlflow
      days-to-sell prepare-database sqlite:///mlflow.db
    """
    from days_to_sell.registry.store import prepare  # it brings MLflow along

    done = prepare.prepare_database(address)
    made = [*(["MLflow's tables"] if done.mlflow else []), *done.ours]
    click.echo(f"made {', '.join(made)}" if made else "every table is there")
    click.echo(f"MLflow's tables are of revision {done.revision}, as the installed MLflow needs them")
