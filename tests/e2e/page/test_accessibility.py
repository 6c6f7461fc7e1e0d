"""Whoever it is that asks: by keyboard, on a phone, in the dark, without motion, by ear."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.page.visits import Open, Visit, predicted
from tests.service import Service

pytestmark = pytest.mark.parts

CONTRAST = """() => {
  const rgb = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = rgb(color).slice(0, 3).map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = getComputedStyle(each).backgroundColor;
      if ((rgb(color)[3] ?? 1) === 1) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const speaks = (element) => element.matches("input, select") ||
    [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  return [...document.querySelectorAll("body *")]
    .filter((element) => element.checkVisibility() && speaks(element))
    .map((element) => {
      const style = getComputedStyle(element);
      const color = element instanceof SVGElement ? style.fill : style.color;
      const [a, b] = [light(color), light(behind(element))].sort((x, y) => y - x);
      return [element.textContent.trim().slice(0, 40) || element.id, (a + 0.05) / (b + 0.05)];
    });
}"""


NAMED = """() => [...document.querySelectorAll("input, select, button, a, svg, [tabindex]")].map((each) => [
  each.outerHTML.slice(0, 80),
  each.labels?.[0]?.textContent || each.getAttribute("aria-label") || each.textContent.trim(),
])"""


def test_it_can_be_used_by_keyboard_alone(visit: Visit, service: Service) -> None:
    """Every control is reached in order, Enter asks, and arrow keys read the chart."""
    keys = visit.page.keyboard
    reached = []
    for _ in range(7):
        keys.press("Tab")
        reached.append(visit.page.evaluate("document.activeElement.dataset.label"))
        if reached[-1] == "As of":
            # The parts of a date, and its calendar, are stops of their own.
            for _ in range(3):
                keys.press("Tab")
    assert reached == ["Price", "Valuation", "Mileage", "Model", "Fuel", "As of", "Owners"]
    keys.type("1")
    keys.press("Enter")
    visit.answered(predicted(service))

    keys.press("Tab")
    expect(visit.page.get_by_role("button", name="How many days?")).to_be_focused()
    keys.press("Tab")
    expect(visit.field("What if this were different?")).to_be_focused()
    keys.press("Tab")
    expect(visit.points.nth(4)).to_be_focused()
    keys.press("ArrowRight")
    expect(visit.points.nth(5)).to_be_focused()
    expect(visit.page.locator("#reading")).to_contain_text("(+5 %)")
    keys.press("End")
    expect(visit.points.nth(8)).to_be_focused()
    keys.press("Tab")
    keys.press("Enter")
    expect(visit.page.get_by_role("table")).to_be_visible()


@pytest.mark.parametrize("width", [320, 390, 768, 1440])
def test_no_width_needs_scrolling_sideways(visits: Open, service: Service, width: int) -> None:
    """Empty, answered and with errors, the page is as wide as its window."""
    visit = visits(service, viewport={"width": width, "height": 700}, has_touch=True)

    def wide() -> Any:
        return visit.page.evaluate("document.documentElement.scrollWidth")

    assert wide() == width
    visit.ask()
    expect(visit.points).to_have_count(9)
    expect(visit.days).to_be_in_viewport()
    visit.page.get_by_text("The chart as a table").click()
    assert wide() == width
    visit.points.nth(1).tap()
    expect(visit.page.locator("#reading")).to_contain_text("(−15 %)")
    visit.field("Price").fill("x" * 60)
    visit.ask()
    expect(visit.field("Price")).to_be_focused()
    assert wide() == width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_in_light_and_dark(visits: Open, service: Service, scheme: str) -> None:
    """Each visible text has a contrast of 4.5 to what is behind it, errors and warnings too."""
    visit = visits(service, color_scheme=scheme, reduced_motion="reduce")
    ground = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", ground))) < 3 * 128) is (scheme == "dark")
    visit.field("Model").fill("Gulf")
    visit.ask()
    expect(visit.points).to_have_count(9)
    visit.page.get_by_text("The chart as a table").click()
    answered = visit.page.evaluate(CONTRAST)
    visit.field("Price").fill("cheap")
    visit.ask()
    expect(visit.page.get_by_role("alert")).to_be_visible()

    found = [*answered, *visit.page.evaluate(CONTRAST)]

    assert len(found) > 60
    assert [(words, ratio) for words, ratio in found if ratio < 4.5] == []


def test_nothing_moves_for_whoever_does_not_want_it(visits: Open, service: Service) -> None:
    """With reduced motion there is no transition; without, there is."""
    for motion, still in (("reduce", True), ("no-preference", False)):
        visit = visits(service, reduced_motion=motion)
        durations = visit.page.evaluate(
            "[...document.querySelectorAll('*')].map((e) => getComputedStyle(e).transitionDuration)"
        )
        assert (set(durations) == {"0s"}) is still


def test_a_screen_reader_finds_its_way(visit: Visit) -> None:
    """Language, one heading of the first order, landmarks, and a name for all that can be used."""
    visit.ask()
    expect(visit.points).to_have_count(9)

    assert visit.page.locator("html").get_attribute("lang") == "en"
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("Tiny model")
    for landmark in ("banner", "main", "contentinfo", "navigation"):
        expect(visit.page.get_by_role(landmark)).to_have_count(1)  # type: ignore[arg-type]
    named = visit.page.evaluate(NAMED)
    assert len(named) > 20
    assert [element for element, name in named if not name] == []
    assert visit.page.get_by_label("Price", exact=True).evaluate("(e) => e.required")
    described = visit.field("Price").get_attribute("aria-describedby") or ""
    assert visit.page.locator(f"#{described.split()[0]}").inner_text() == "GBP"
