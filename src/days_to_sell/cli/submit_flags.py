"""``days-to-sell submit-flags``: what spark-submit has to be told before the toolkit's own code can run."""

from __future__ import annotations

from pathlib import Path

import click

from days_to_sell.errors import EnvironmentProblem
from days_to_sell.settings import Settings
from days_to_sell.training.spark.launch import exporter_options
from days_to_sell.training.spark.session import S3_PACKAGES

WHEEL = "days_to_sell-*.whl"


@click.command(name="submit-flags")
@click.option("--s3/--no-s3", default=True, show_default=True, help="Bring Spark's S3 client, 280 MB.")
@click.option(
    "--wheels",
    type=click.Path(path_type=Path),
    default="dist",
    show_default=True,
    help="Folder that make wheel filled.",
)
def submit_flags(s3: bool, wheels: Path) -> None:
    """Print the flags of spark-submit: wheel, jars and class path.

    \b
    Example:
      make wheel
      spark-submit --master spark://cluster:7077 $(days-to-sell submit-flags) mlflow_project/train.py --lake s3a://lake/cars
    """
    click.echo("\n".join(flags(Settings.from_env(), wheels, s3=s3)))


def flags(settings: Settings, wheels: Path, *, s3: bool = True) -> list[str]:
    """List what spark-submit needs: no word of it holds a blank.

    Args:
        settings: The environment's choices.
        wheels: Folder that holds the toolkit's wheel.
        s3: Whether lake or training data are on S3.

    Raises:
        EnvironmentProblem: There is no wheel, or the name of a folder holds a blank.
    """
    found = sorted(wheels.glob(WHEEL), key=lambda wheel: wheel.stat().st_mtime)
    if not found:
        raise EnvironmentProblem(
            f"{wheels} holds no {WHEEL}; run make wheel, or name its folder with --wheels"
        )
    packages = (settings.mleap_exporter, *(S3_PACKAGES if s3 else ()))
    conf = {"spark.jars.ivy": str(settings.cache_dir / "ivy"), **exporter_options(settings)}
    words = ["--py-files", str(found[-1].absolute()), "--packages", ",".join(packages)]
    words += ["--driver-memory", settings.driver_memory]
    for name, value in conf.items():
        words += ["--conf", f"{name}={value}"]
    for word in words:
        if any(map(str.isspace, word)):
            raise EnvironmentProblem(f"{word!r} holds a blank, where a shell would cut it; move that folder")
    return words
