"""A real Chromium and a real gunicorn, and pages that are held to ask nobody else."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e.page.visits import Open, Visit, package_with_texts
from tests.service import Service, serving

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium without a window."""
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip(f"needs a Chromium on PATH: one of {', '.join(BROWSERS)}")
    with sync_playwright() as driver:
        # Chromium's sandbox refuses to run as root, as in a container.
        launched = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service that all may ask."""
    folder = tmp_path_factory.mktemp("page")
    package_with_texts(folder / "package")
    with serving(folder, DAYS_TO_SELL_MODEL_VERSION="7") as running:
        yield running


@pytest.fixture
def visits(browser: Browser) -> Iterator[Open]:
    """Opens pages, and afterwards holds that they asked nobody else and complained of nothing."""
    opened: list[tuple[Visit, str]] = []

    def open_page(service: Service, path: str = "/", *, expects: str = "", **context: Any) -> Visit:
        page = browser.new_context(**context).new_page()
        visit, origin = Visit(page), f"http://127.0.0.1:{service.port}"
        page.on("request", lambda request: visit.requests.append(request.url))
        page.on("console", lambda said: visit.complaints.append(said.text))
        page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        opened.append((visit, origin))
        page.goto(f"{origin}{path}")
        return visit

    yield open_page
    for visit, origin in opened:
        visit.page.context.close()
        assert visit.requests
        for url in visit.requests:
            assert url.startswith((f"{origin}/", "data:")), url
        # The browser itself tells of every status of an error.
        unexpected = [said for said in visit.complaints if "status of 401" not in said]
        assert unexpected == []


@pytest.fixture
def visit(visits: Open, service: Service) -> Visit:
    """The page, opened on a desk."""
    return visits(service)
