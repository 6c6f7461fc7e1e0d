"""The model card says everything, needs nothing, and trusts no text."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, cast

import mlflow
import pandas as pd
import pytest

from days_to_sell.data.report import CheckResult, Report
from days_to_sell.data.training_set import Manifest, TrainingSet
from days_to_sell.models import find_model
from days_to_sell.spec import Candidate, Direction, Judgement
from days_to_sell.training.card import ModelCard, compose, log_card, render, summarise
from days_to_sell.training.card.card import FILE
from days_to_sell.training.card.figures import MEANINGS, figure
from days_to_sell.training.compare import Comparison, Result
from days_to_sell.training.evaluation import AcceleratedLife, Evaluation
from days_to_sell.training.fitting.candidates import Fitted
from days_to_sell.training.judging.directions import DirectionCheck, SliceShare
from days_to_sell.training.judging.judge import Verdict
from days_to_sell.training.pictures.album import Picture
from days_to_sell.training.pictures.style import draw
from days_to_sell.training.preparing.prepare import Prepared
from tests.unit.training.pictures.planted import SPEC, estimate, examined, fold, sliced

if TYPE_CHECKING:
    from pyspark.ml import PipelineModel
    from pyspark.sql import DataFrame

HOSTILE = "<script>alert('x')</script>"
FIGURES = {name: estimate(0.5 + number, 0.25 + number, 0.75 + number) for number, name in enumerate(MEANINGS)}
MANIFEST = Manifest(
    model="planted",
    folder="planted",
    lake="lakes/cars",
    snapshot="2025-06-30",
    inputs={"cars": "50c1a1"},
    input_rows={"cars": 1_234_567},
    code_commit="c0ffee",
    code_digest="c0de",
    digest="d16e57",
    rows=20_000,
    censored=0.314,
)
UNKNOWN = float("nan")


class Page(HTMLParser):
    """Reads a page: its tags with what they refer to, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.references: list[str] = []
        self.alternatives: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag and whatever it refers to."""
        self.tags.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), f"{tag} runs something {name}"
            if name in {"src", "href", "srcset", "action", "data", "poster"}:
                self.references.append(value or "")
            if name == "alt":
                self.alternatives.append(value or "")

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.words.append(data)

    @property
    def text(self) -> str:
        """All text, with single blanks."""
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def card() -> ModelCard:
    """A card with every part."""
    drawn, _ = draw("What is seen", "of what", width=3, height=2)
    chosen = Evaluation(
        "Chosen",
        rows=1_500,
        groups=40,
        metrics=FIGURES,
        slices=(
            sliced("make", HOSTILE, (6.0, 2.0, 9.0)),
            replace(sliced("make", "Seldom", (0.0, 0.0, 0.0)), metrics={}),
        ),
    )
    baseline = Evaluation(
        "Kaplan-Meier overall",
        rows=1_500,
        groups=40,
        metrics={
            "mae_days": estimate(40.0, 38.0, 42.0),
            "calibration_slope": estimate(UNKNOWN, UNKNOWN, UNKNOWN),
        },
        note="knows nothing of a car",
    )
    direction = Direction("price", 0.05, "longer")
    return ModelCard(
        spec=replace(SPEC, judgement=Judgement(intended=("To rank.",), unsuited=(f"To {HOSTILE}.",))),
        manifest=MANIFEST,
        integrity=Report(
            (
                CheckResult("cars", "no column gathered during a row's life (leak)", 12, 0),
                CheckResult(
                    "training data", "no column foretells alone (leak)", 9, 1, (HOSTILE,), halts=False
                ),
                CheckResult("cars", "no row twice", 100, 0),
            )
        ),
        split="listings from May on",
        chosen=chosen,
        others=[baseline],
        reason="Chosen is chosen",
        directions=[
            DirectionCheck(direction, 1_500, 0.97, 4.2, (SliceShare("make", HOSTILE, 40, 0.8),)),
            DirectionCheck(direction, 1_500, 0.2, -1.0, ()),
        ],
        pictures=[Picture("one", drawn, "How to read it.")],
        parameters={"maxDepth": 4, "family": HOSTILE},
        provenance={"code_commit": "c0ffee", "trained_at": "2026-01-02T03:04:05+00:00", "pyspark": "3.5.7"},
    )


def test_every_figure_stands_there_with_its_interval(card: ModelCard) -> None:
    """All measures of the candidate, those of the baseline beside them, and what is not known is a dash."""
    text = Page(render(card)).text
    for metric, found in FIGURES.items():
        value, interval = figure(found, metric)
        assert f"{MEANINGS[metric][0]} {MEANINGS[metric][1]} {value} {interval}" in text
    assert "40.0 38.0 to 42.0" in text
    assert "knows nothing of a car" in text
    assert re.search(r"calibration slope .* 6.50 6.25 to 6.75 – ", text)


def test_every_part_is_there(card: ModelCard) -> None:
    """Data, uses, slices, directions, limits, leaks, provenance and parameters, each with what was given."""
    page = Page(render(card))
    for part in (
        "days is the expected time to the sale within 90 days",
        "price (GBP), valuation (GBP), mileage (miles), make, model",
        "Intended use To rank.",
        "2025-06-30 rows 20,000, of which 31.4% censored",
        "digest d16e57",
        "cars (1,234,567 rows)",
        "listings from May on",
        "1,500 rows of 40 values of seller",
        "Chosen is chosen.",
        "How to read it.",
        "make: Seldom 100 – – –",
        "price +5%: +4.2 days on average, 97.0% of 1,500 rows not sooner",
        "not kept: price +5%: -1.0 days on average",
        "Too few rows to say anything of make Seldom.",
        "3 checks of the data, 1 warnings.",
        "no column gathered during a row's life (leak) ok",
        "maxDepth 4",
        "pyspark 3.5.7",
        "as trained on 2026-01-02",
    ):
        assert part in page.text, part
    assert page.alternatives == ["What is seen"]
    assert "no row twice" not in page.text


def test_hostile_names_are_text(card: ModelCard) -> None:
    """Whatever a category, a parameter or a column is called, it is shown and never run."""
    page = Page(render(card))
    assert "script" not in page.tags
    assert page.text.count(HOSTILE) >= 6


def test_the_page_needs_nothing_from_elsewhere(card: ModelCard) -> None:
    """Pictures are in the page, and nothing in it, styles included, leads anywhere."""
    written = render(card)
    page = Page(written)
    (picture,) = page.references
    kind, _, content = picture.partition(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(content).startswith(b"\x89PNG")
    assert {"link", "iframe", "object", "script", "form"}.isdisjoint(page.tags)
    without = written.replace(content, "")
    assert not re.search(r"https?:|url\(|@import|//[a-z]", without)


def test_it_reads_in_light_dark_and_print(card: ModelCard) -> None:
    """Colours follow the reader's choice, and paper has rules of its own."""
    written = render(card)
    assert '<meta name="color-scheme" content="light dark">' in written
    assert "@media (prefers-color-scheme: dark)" in written
    assert "@media print" in written


def test_a_model_without_place_group_time_slices_or_directions_has_a_card(card: ModelCard) -> None:
    """The smaller example: what there is none of has no heading, and the limits say what was not tested."""
    spec = find_model("dealer_stock").spec
    assert (spec.group, spec.time, spec.judgement.place) == (None, None, None)
    plain = replace(card.chosen, slices=())
    page = Page(render(replace(card, spec=spec, chosen=plain, directions=[], pictures=[])))
    assert "Slices" not in page.text
    assert "Directions" not in page.text
    assert "In pictures" not in page.text
    assert "Test rows were held out by hash" in page.text
    assert "tested on 1,500 rows" in page.text


def test_limits_come_from_the_figures(card: ModelCard) -> None:
    """A slice that is off is named with its bias, and one that is not, is not."""
    assert f"where make {HOSTILE} (6.0 days)." in Page(render(card)).text
    right = replace(card.chosen, slices=(sliced("make", "Ford", (1.0, -2.0, 4.0)),))
    assert "off to one side" not in Page(render(replace(card, chosen=right))).text


def test_the_summary_is_two_sentences(card: ModelCard) -> None:
    """What it is, and how good."""
    assert summarise(card) == (
        "Chosen, trained on 20,000 rows of the snapshot of 2025-06-30, predicts expected days within 90. On "
        "1,500 held-out rows its concordance is 1.500 (1.250 to 1.750, where 0.5 is chance) and its mean "
        "error 3.5 days (3.2 to 3.8)."
    )


def test_the_card_of_a_comparison_is_that_of_its_best(card: ModelCard) -> None:
    """The chosen candidate's figures and pictures come first, then other candidates, then baselines."""
    rows = fold()
    exam, evaluation = examined(rows)
    life = AcceleratedLife.of(exam.outcomes, rows["days"].to_numpy(), rows["days"].to_numpy())
    results = tuple(
        _result(replace(evaluation, name=name), life, rows, card.directions) for name in ("Best", "Second")
    )
    baseline = replace(evaluation, name="Baseline")
    frame = cast("DataFrame", None)
    prepared = Prepared(frame, frame, frame, "by hand", {}, exam, exam.outcomes, baseline)
    composed = compose(
        SPEC,
        Comparison(results, (baseline,)),
        prepared,
        TrainingSet("sets/1", MANIFEST, card.integrity, frame, {}),
        pictures=card.pictures,
        provenance={"code_commit": "c0ffee"},
    )
    assert composed.chosen.name == "Best"
    assert [other.name for other in composed.others] == ["Second", "Baseline"]
    assert [picture.name for picture in composed.pictures] == ["calibration", "survival", "one"]
    assert (composed.split, composed.reason) == ("by hand", "Best is as good as it gets")
    assert "maxIter 40" in Page(render(composed)).text


def _result(
    evaluation: Evaluation, life: AcceleratedLife, rows: pd.DataFrame, checks: Sequence[DirectionCheck]
) -> Result:
    """Make a result whose model nobody asks."""
    fitted = Fitted(Candidate.of("AFTSurvivalRegression", maxIter=40), cast("PipelineModel", None), (), 1.0)
    verdict = Verdict(evaluation, tuple(checks), rows["days"].to_numpy(), life)
    return Result(fitted, verdict, rows, "run", f"{evaluation.name} is as good as it gets")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[None]:
    """A tracking store of its own."""
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'mlflow.db'}")
    mlflow.create_experiment("cards", artifact_location=(tmp_path / "artifacts").as_uri())
    yield
    mlflow.set_tracking_uri(before)


@pytest.mark.usefixtures("store")
def test_the_card_is_logged_and_linked(card: ModelCard) -> None:
    """The link names the run's artifact as MLflow's pages do, whatever the server's address."""
    experiment = mlflow.get_experiment_by_name("cards").experiment_id
    run = mlflow.MlflowClient().create_run(experiment).info.run_id
    described = log_card(card, run)
    assert described.startswith(summarise(card))
    assert described.endswith(f"[Model card](#/experiments/{experiment}/runs/{run}/artifacts/{FILE})")
    logged = Path(mlflow.artifacts.download_artifacts(f"runs:/{run}/{FILE}"))
    assert logged.read_text(encoding="utf-8") == render(card)
