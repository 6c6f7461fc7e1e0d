"""``days-to-sell demo``: the main job from sources to an answer over REST, on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from days_to_sell.cli.demo.job import Demo
from days_to_sell.cli.demo.mlflow_server import MlflowServer
from days_to_sell.cli.options import model_option, service_options
from days_to_sell.cli.release import make_site
from days_to_sell.release.choose import Choice, stop_all

HOME = Path("build/demo")


@click.command()
@model_option
@click.option(
    "--data", "file", type=click.Path(path_type=Path), help="File that the model's example imports."
)
@click.option("--adverts", default=20_000, show_default=True, help="Adverts to generate.")
@service_options
@click.option("--mlflow-port", default=5000, show_default=True, help="Port of the MLflow UI.")
@click.option("--setup-seconds", default=0, help="What setting up took, for the summary.")
@click.option("--stop", is_flag=True, help="End what a demo left running.")
@click.option("--ui", is_flag=True, help="Only start the MLflow UI on the demo's store.")
def demo(
    folder: str,
    file: Path | None,
    adverts: int,
    target: Choice,
    base_image: str | None,
    port: int,
    preprod_port: int,
    mlflow_port: int,
    setup_seconds: int,
    stop: bool,
    ui: bool,
) -> None:
    """Train, register, promote, prove and serve a model's example; leave service and MLflow running.

    \b
    Examples:
      days-to-sell demo
      days-to-sell demo --model dealer_stock --data dealer_stock.csv
      days-to-sell demo --stop
    """
    site = make_site(port, preprod_port, base_image, HOME / "release")
    server = MlflowServer(HOME.resolve() / "mlflow", mlflow_port)
    if stop:
        ended = [str(deployment) for deployment in stop_all(site)] + (["MLflow"] if server.stop() else [])
        click.echo(f"ended {', '.join(ended)}" if ended else "nothing was running")
    elif ui:
        server.start(click.echo)
        click.echo(f"MLflow UI: {server.url} (end it with make stop)")
    else:
        Demo(folder, file, adverts, target, site, server, HOME, setup_seconds).run()
