"""What a person sees in MLflow's own UI who promotes a version past a shut gate, in a real Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from days_to_sell.registry.events.event import Kind
from tests.integration.gated_registry import MODEL, Registered, prepare
from tests.mlflow_servers import GatedServer

pytestmark = [pytest.mark.parts, pytest.mark.filterwarnings("ignore::FutureWarning")]

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 20_000
# Where pictures for the guide go; without it none is taken.
PICTURES = "REFUSAL_PICTURES"


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registered]:
    """A model of ours in a server of its own, which is started only where there is a browser."""
    if not any(map(shutil.which, BROWSERS)) and "CHROMIUM" not in os.environ:
        pytest.skip(f"needs a Chromium on PATH: one of {', '.join(BROWSERS)}")
    home = tmp_path_factory.mktemp("refusals")
    server = GatedServer(
        home, f"sqlite:///{home / 'mlflow.db'}", ["--artifacts-destination", str(home / "artifacts")]
    )
    server.start()
    try:
        yield prepare(server)
    finally:
        server.stop()


@pytest.fixture(scope="module")
def shut(registered: Registered) -> str:
    """A version whose gates were never evaluated."""
    (version,) = registered.versions(1, gates_open=False)
    return version


@pytest.fixture
def page(registered: Registered, shut: str) -> Iterator[Page]:
    """The page of that version, without MLflow's assistant beside it."""
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)))
    with sync_playwright() as driver:
        # Chromium's sandbox refuses to run as root, as in a container; it opens this machine's pages only.
        launched = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            opened = launched.new_page(viewport={"width": 1200, "height": 640})
            opened.set_default_timeout(PATIENCE)
            opened.add_init_script(
                "localStorage.setItem('mlflow.assistant.fab.autoOpenedOnFirstLoad_v1', 'true');"
                "localStorage.setItem('mlflow.assistant.panelOpen_v1', 'false')"
            )
            opened.goto(f"{registered.server.url}/#/models/{MODEL}/versions/{shut}", wait_until="commit")
            yield opened
        finally:
            launched.close()


def refused(page: Page, registered: Registered, shut: str, said: Locator, start: int, picture: str) -> None:
    """Hold that the page says why and what to do, and that nothing but the refusal was kept."""
    expect(said.first).to_be_in_viewport(timeout=PATIENCE)
    shown = " ".join(page.locator("body").inner_text().split())
    assert "may not go to Production" in shown
    assert "gate integrity was never evaluated for these bytes" in shown
    assert f"days-to-sell gates {MODEL} {shut} --evaluate" in shown
    assert registered.state() == ((), {})
    assert [event.kind for event in registered.events(start)] == [Kind.REFUSED]
    if folder := os.environ.get(PICTURES):
        handle = said.first.element_handle()
        assert handle is not None
        # What slides in is not all there at once.
        handle.wait_for_element_state("stable")
        page.screenshot(path=Path(folder) / picture, animations="disabled")


def test_the_stage_menu_shows_why_a_version_is_refused(page: Page, registered: Registered, shut: str) -> None:
    """The stages are in the old form of MLflow's registry pages, a switch away."""
    start = registered.now()
    page.get_by_role("switch", name="New model registry UI").click()
    page.get_by_role("button", name="Disable").click()
    page.locator(".mlflow-stage-transition-dropdown").first.click()
    page.get_by_role("menuitem").filter(has_text="Production").click()
    page.get_by_role("dialog").get_by_role("button", name="OK").click()
    expect(page.get_by_role("dialog")).to_be_hidden(timeout=PATIENCE)
    said = page.get_by_text("may not go to Production")
    refused(page, registered, shut, said, start, "refused-stage.png")


def test_the_alias_editor_shows_why_a_version_is_refused(
    page: Page, registered: Registered, shut: str
) -> None:
    """It stays open with the reasons, and the alias is nobody's."""
    start = registered.now()
    page.get_by_role("button", name="Add", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox").fill("production")
    dialog.get_by_role("combobox").press("Enter")
    dialog.get_by_role("button", name="Save aliases").click()
    said = dialog.get_by_text("may not go to Production")
    refused(page, registered, shut, said, start, "refused-alias.png")
