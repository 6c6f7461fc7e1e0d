"""A model card as one HTML file that needs nothing else, after Mitchell et al. (2019)."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import mlflow
from matplotlib.figure import Figure

from days_to_sell.data.pages import page_environment
from days_to_sell.data.report import CheckResult, Report
from days_to_sell.data.training_set import Manifest
from days_to_sell.spec import ModelSpec
from days_to_sell.training.card.figures import columns, figure, named
from days_to_sell.training.card.limits import limits
from days_to_sell.training.evaluation import Evaluation
from days_to_sell.training.judging.directions import DirectionCheck
from days_to_sell.training.pictures.album import Picture

FILE = "model_card.html"
TEMPLATE = "model_card.html.jinja"
# Enough for a page that is printed, and small enough for nine pictures in a file.
DPI = 110


@dataclass(frozen=True, eq=False)
class ModelCard:
    """What a model card says.

    Args:
        spec: The model.
        manifest: What its training data is made of.
        integrity: What was checked of that data.
        split: How the folds were made.
        chosen: The candidate that becomes a version, measured with slices.
        others: Candidates that do not, and baselines, on the same test fold.
        reason: Why it was chosen.
        directions: What came of raising numbers.
        pictures: What a person would rather look at.
        parameters: What the candidate was fitted with.
        provenance: Where it comes from.
    """

    spec: ModelSpec
    manifest: Manifest
    integrity: Report
    split: str
    chosen: Evaluation
    others: Sequence[Evaluation]
    reason: str
    directions: Sequence[DirectionCheck]
    pictures: Sequence[Picture]
    parameters: Mapping[str, object]
    provenance: Mapping[str, str]

    @property
    def leaks(self) -> list[CheckResult]:
        """The checks for what could not be known when a row was listed."""
        return [result for result in self.integrity.results if "leak" in result.check]


def render(card: ModelCard) -> str:
    """Write a card as HTML: everything in one file, nothing to run, every text escaped."""
    environment = page_environment("days_to_sell.training.card")
    environment.filters |= {"figure": figure, "named": named, "data_uri": data_uri}
    return environment.get_template(TEMPLATE).render(
        card=card,
        columns=columns([card.chosen, *card.others]),
        limits=limits(card.spec, card.manifest, card.chosen),
    )


def summarise(card: ModelCard) -> str:
    """Say in two sentences what a version is and how good, for its description in the registry."""
    concordance, error = (card.chosen.metrics[name] for name in ("c_index_ipcw", "mae_days"))
    return (
        f"{card.chosen.name}, trained on {card.manifest.rows:,} rows of the snapshot of "
        f"{card.manifest.snapshot}, predicts expected days within {card.spec.horizon}. "
        f"On {card.chosen.rows:,} held-out rows its concordance is {concordance.value:.3f} "
        f"({concordance.low:.3f} to {concordance.high:.3f}, where 0.5 is chance) and its mean error "
        f"{error.value:.1f} days ({error.low:.1f} to {error.high:.1f})."
    )


def log_card(card: ModelCard, run_id: str) -> str:
    """Log a card to the run of its candidate.

    Returns:
        The summary in Markdown with a link to the card, which MLflow's UI resolves wherever it is served.
    """
    mlflow.MlflowClient().log_text(run_id, render(card), FILE)
    experiment = mlflow.get_run(run_id).info.experiment_id
    return f"{summarise(card)}\n\n[Model card](#/experiments/{experiment}/runs/{run_id}/artifacts/{FILE})"


def data_uri(drawn: Figure) -> str:
    """Give a figure as a PNG within the page."""
    buffer = io.BytesIO()
    drawn.savefig(buffer, format="png", dpi=DPI)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
