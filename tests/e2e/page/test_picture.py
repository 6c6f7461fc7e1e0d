"""The picture of the page that the README shows."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from stack.ports import free_port
from tests.service import Service

pytestmark = pytest.mark.parts

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "docs" / "screenshots.py"
PNG = b"\x89PNG\r\n\x1a\n"
LARGEST = 300_000


@pytest.fixture
def screenshots() -> Iterator[ModuleType]:
    """The script that takes the pictures, as a module."""
    specification = importlib.util.spec_from_file_location("screenshots_of_the_page", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    # Dataclasses look their module up while it is still being loaded.
    sys.modules[module.__name__] = module
    specification.loader.exec_module(module)
    if not any(map(shutil.which, module.BROWSERS)):
        pytest.skip(f"needs a Chromium on PATH: one of {', '.join(module.BROWSERS)}")
    yield module
    del sys.modules[module.__name__]


def test_it_is_taken_of_a_page_that_answers(
    screenshots: ModuleType, service: Service, tmp_path: Path
) -> None:
    """The script clicks, waits for answer, range and chart, and writes a picture that loads quickly."""
    url = f"http://127.0.0.1:{service.port}"
    scene = screenshots.page_scene(url)
    assert "Of those like it" in scene.shows

    with screenshots.browser() as page:
        screenshots.take(page, url, scene, tmp_path)

    for picture in (tmp_path / "page.png", ROOT / "docs" / "images" / "page.png"):
        assert picture.read_bytes().startswith(PNG)
        assert picture.stat().st_size < LARGEST
    assert "docs/images/page.png" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_a_service_that_is_not_there_is_named(screenshots: ModuleType) -> None:
    """Without a service there is no picture of it, and the message says what to do."""
    with pytest.raises(SystemExit, match="run make demo first"):
        screenshots.page_scene(f"http://127.0.0.1:{free_port()}")
