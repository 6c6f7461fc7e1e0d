"""Takes pictures of MLflow's UI and of the service's page in a headless Chromium, and checks what they tell.

    make ui                       # or any MLflow server that has a version in Production
    python docs/screenshots.py    # writes docs/images/*.png
    python docs/screenshots.py --service http://127.0.0.1:8080    # the page of the service too

A picture is taken only when the page shows what the tracking server says it should: names of runs, figures,
flavours, tags; and of the service, an answer. So this is a test of the UI's story too, and it fails with the
words that are missing.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.entities.model_registry import ModelVersion
from playwright.sync_api import Error, Page, sync_playwright

IMAGES = Path(__file__).parent / "images"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 60
# What a reader looks at first; the others are a click away.
COLUMNS = ("c_index_ipcw", "integrated_brier", "mae_days", "coverage_80")
CARD = "model_card.html"


@dataclass(frozen=True)
class Scene:
    """One picture.

    Args:
        name: File name without ending.
        route: Where below the server's address.
        shows: Words that have to stand on the page.
        height: Height of the window in pixels.
        width: Width of the window in pixels.
        clicks: What to click on first, by its exact text.
        scroll_to: What to bring to the top of the window, by its text.
    """

    name: str
    route: str
    shows: tuple[str, ...]
    height: int = 900
    width: int = 1500
    clicks: tuple[str, ...] = ()
    scroll_to: str | None = None


@dataclass(frozen=True)
class Story:
    """A registered version and the training run that it came from.

    Args:
        version: The version.
        parent: The run of the training.
        runs: The runs of its candidates and baselines.
        flavors: What can load the version.
    """

    version: ModelVersion
    parent: Run
    runs: tuple[Run, ...]
    flavors: tuple[str, ...]
    candidates: tuple[Run, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Tell candidates from baselines."""
        chosen = tuple(run for run in self.runs if run.data.tags.get("role") == "candidate")
        object.__setattr__(self, "candidates", chosen)

    @classmethod
    def of(cls, client: MlflowClient, model: str) -> Story:
        """Read the story of the version in Production, or of the newest one."""
        versions = client.search_model_versions(f"name = '{model}'")
        if not versions:
            raise SystemExit(f"{model!r} has no version there; run make demo first")
        newest = max(versions, key=_number)
        staged = [each for each in versions if each.current_stage == "Production"]
        # A search leaves out the aliases.
        version = client.get_model_version(model, (staged or [newest])[0].version)
        best = client.get_run(version.run_id)
        parent = client.get_run(best.data.tags["mlflow.parentRunId"])
        nested = f"tags.mlflow.parentRunId = '{parent.info.run_id}'"
        runs = client.search_runs([parent.info.experiment_id], nested)
        flavors = mlflow.models.get_model_info(f"models:/{model}/{version.version}").flavors
        return cls(version, parent, tuple(runs), tuple(sorted(flavors)))

    def scenes(self) -> Iterator[Scene]:
        """Say which pictures to take, and what each has to show."""
        experiment, version = self.parent.info.experiment_id, self.version
        names = tuple(run.info.run_name for run in self.runs)
        yield Scene(
            "runs", f"#/experiments/{experiment}/runs", (self.parent.info.run_name, *names, *COLUMNS), 620
        )
        ids = json.dumps([run.info.run_id for run in self.candidates], separators=(",", ":"))
        yield Scene(
            "compare",
            f"#/compare-runs?runs={quote(ids)}&experiments={quote(json.dumps([experiment]))}",
            (
                *(run.info.run_name for run in self.candidates),
                *(run.data.params["estimator"] for run in self.candidates),
                # The page builds the rows that it shows, and the metrics come by name.
                *("c_index_ipcw", "bias_days"),
            ),
            1450,
            clicks=("Visualizations", "Show diff only"),
        )
        yield Scene(
            "version",
            f"#/models/{version.name}/versions/{version.version}",
            (
                f"Version {version.version}",
                *version.aliases,
                *version.tags,
                *filter(None, version.tags.values()),
            ),
            960,
        )
        model = version.source.removeprefix("models:/")
        flavors = tuple(f"{flavor}:" for flavor in self.flavors)
        yield Scene(
            "flavors",
            f"#/experiments/{experiment}/models/{model}/artifacts",
            flavors,
            1000,
            clicks=("MLmodel",),
        )
        card = f"#/experiments/{experiment}/runs/{version.run_id}/artifacts/{CARD}"
        yield Scene("card", card, (version.name, "Intended use"), 1100)


def visit(page: Page, url: str, scene: Scene) -> str:
    """Open a scene and wait until it shows all that it should.

    Returns:
        The text of the page.

    Raises:
        SystemExit: Words are missing; the message names them.
    """
    page.set_viewport_size({"width": scene.width, "height": scene.height})
    # The UI keeps asking the server, so there is no moment at which nothing loads.
    page.goto(f"{url}/{scene.route}", wait_until="commit")
    for words in scene.clicks:
        page.get_by_text(words, exact=True).first.click(timeout=SECONDS * 1000)
    missing = [*scene.shows]
    for _ in range(SECONDS * 2):
        text = _text(page)
        missing = [words for words in scene.shows if words not in text]
        if not missing:
            if scene.scroll_to:
                page.get_by_text(scene.scroll_to).first.scroll_into_view_if_needed()
            return text
        page.wait_for_timeout(500)
    raise SystemExit(
        f"{scene.name}: {url}/{scene.route} does not show {', '.join(missing)} after {SECONDS} s"
    )


def _text(page: Page) -> str:
    """Read what the page and the frames in it say."""
    said = []
    for frame in page.frames:
        try:
            said.append(frame.locator("body").inner_text(timeout=1000))
        except Error:
            # A frame that is still being built says nothing yet.
            continue
    # A cell of a table ends in a tab, which is no part of what it says.
    return " ".join("\n".join(said).split())


def page_scene(service: str) -> Scene:
    """Say what the page of a service has to show: model and version, an answer, its range and its chart."""
    try:
        with urlopen(f"{service}/openapi.json", timeout=SECONDS) as reply:  # noqa: S310 - as it was named
            described = reply.read().decode()
    except OSError as error:
        raise SystemExit(f"no service answers at {service} ({error}); run make demo first") from error
    about = json.loads(described)["info"]
    spread = ("Of those like it",) if '"quantiles"' in described else ()
    shows = (about["title"], f"version {about['version']}", "Expected days", *spread, "as entered")
    return Scene("page", "", shows, height=1120, width=1280, clicks=("How many days?",))


@contextmanager
def browser(story: Story | None = None) -> Iterator[Page]:
    """Open a page of a headless Chromium; MLflow's UI shows a story's columns of figures and no assistant."""
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise SystemExit(f"no Chromium on PATH ({', '.join(BROWSERS)}); install it, or name it in CHROMIUM")
    with sync_playwright() as driver:
        # Chromium's sandbox refuses to run as root, as in a container; it opens this machine's pages only.
        launched = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            page = launched.new_page()
            if story is not None:
                page.add_init_script(
                    f"Object.entries({json.dumps(_choices(story))}).forEach(e => localStorage.setItem(...e))"
                )
            yield page
        finally:
            launched.close()


def _choices(story: Story) -> Mapping[str, str]:
    """Choose columns, open the training's run and close the assistant, as a reader would by clicking."""
    experiment = story.parent.info.experiment_id
    columns = ["attributes.`Models`", *(f"metrics.`{name}`" for name in COLUMNS)]
    state = {"selectedColumns": columns, "runsExpanded": {story.parent.info.run_id: True}}
    return {
        f'MLflowLocalStorage-1.1-ExperimentPage-["{experiment}"]-ReactComponentState': json.dumps(state),
        "mlflow.workflowType_v1": json.dumps("machine_learning"),
        "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": "true",
        "mlflow.assistant.panelOpen_v1": "false",
    }


def _number(version: ModelVersion) -> int:
    return int(version.version)


def main(arguments: list[str]) -> None:
    """Take every picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mlflow", default="http://127.0.0.1:5000", help="address of the MLflow server")
    parser.add_argument("--model", default="days-to-sell", help="registered model")
    parser.add_argument("--service", help="address of the scoring service, for the picture of its page")
    parser.add_argument("--images", type=Path, default=IMAGES, help="folder to write to")
    chosen = parser.parse_args(arguments)
    mlflow.set_tracking_uri(chosen.mlflow)
    story = Story.of(MlflowClient(), chosen.model)
    with browser(story) as page:
        for scene in story.scenes():
            take(page, chosen.mlflow, scene, chosen.images)
        if chosen.service:
            take(page, chosen.service, page_scene(chosen.service), chosen.images)


def take(page: Page, url: str, scene: Scene, images: Path) -> None:
    """Take the picture of a scene that shows all that it should."""
    images.mkdir(parents=True, exist_ok=True)
    visit(page, url, scene)
    page.wait_for_timeout(1000)
    page.screenshot(path=images / f"{scene.name}.png")
    print(f"{scene.name}.png shows {', '.join(scene.shows)}")


if __name__ == "__main__":
    main(sys.argv[1:])
