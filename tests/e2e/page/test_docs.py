"""The documentation of the API, as a browser shows it."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.e2e.page.visits import Open
from tests.service import Service

pytestmark = pytest.mark.parts


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_documentation_shows_every_operation_without_the_internet(
    visits: Open, service: Service, scheme: str
) -> None:
    """Swagger UI renders the whole document from the package's own files, and leads back to the page."""
    visit = visits(service, "/docs", color_scheme=scheme)
    document = json.loads(service.ask("GET", "/openapi.json")[1])
    operations = [(path, method) for path, item in document["paths"].items() for method in item]

    expect(visit.page.locator(".opblock")).to_have_count(len(operations))
    for path, method in operations:
        shown = visit.page.locator(f".opblock-{method}", has=visit.page.locator(f"[data-path='{path}']"))
        expect(shown).to_have_count(1)
    expect(visit.page.locator(".errors-wrapper")).to_have_count(0)
    expect(visit.page.locator(".info")).to_contain_text("OAS 3.1")
    visit.page.locator(".opblock-post .opblock-summary-control").click()
    expect(visit.page.locator(".opblock-post")).to_contain_text("price_gbp")
    expect(visit.page.get_by_role("heading", level=1)).to_contain_text("Tiny model")
    assert "dark-mode" in (visit.page.locator("html").get_attribute("class") or "") or scheme == "light"
    visit.page.get_by_role("link", name="Ask in a form").click()
    expect(visit.page.get_by_role("button", name="How many days?")).to_be_visible()
