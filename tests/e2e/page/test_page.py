"""The page as people meet it: real clicks and typing, answers held against the API's."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.page.visits import SPREAD, Open, Visit, package_with_texts, predicted
from tests.service import Service, serving

pytestmark = pytest.mark.parts


def test_a_person_enters_a_car_and_reads_what_the_api_answers(visit: Visit, service: Service) -> None:
    """Typed and chosen values are asked, and days, range and version stand on the page."""
    visit.field("Price").fill("8,250.50")
    visit.field("Mileage").fill("31000")
    visit.field("Model").fill("Fiesta")
    visit.field("Fuel").select_option("Diesel")
    visit.field("As of").fill("2025-05-06")
    expect(visit.page.locator("#answer")).to_be_hidden()
    visit.ask()

    days = predicted(service, price_gbp=8250.5, mileage=31_000, model="Fiesta", fuel="Diesel")
    visit.answered(days)
    low, middle, high = (f"{days * each.times:.0f}" for each in SPREAD)
    expected = f"Of those like it, 80 % take {low} to {high} days; half are sold within {middle}."
    expect(visit.page.locator("#range-words")).to_have_text(expected)
    expect(visit.page.get_by_role("status")).to_contain_text(f"Expected: {days:.1f} days. {expected}")
    expect(visit.page.locator("footer")).to_contain_text("tiny-model, version 7")


def test_the_chart_shows_what_other_prices_would_change_in_one_request(
    visit: Visit, service: Service
) -> None:
    """Nine points from -20 % to +20 % are asked at once, drawn, read out, and told as a table."""
    before = len(visit.requests)
    visit.ask()
    expect(visit.points).to_have_count(9)

    assert [url for url in visit.requests[before:] if "/invocations" in url] == [
        f"http://127.0.0.1:{service.port}/invocations?partial=true&explain=true"
    ]
    expect(visit.page.locator("#chart")).to_contain_text("Price (GBP)")
    expect(visit.page.locator("#chart .current")).to_have_count(1)
    cheaper = predicted(service, price_gbp=9_025)
    fewer = predicted(service) - cheaper
    words = f"£9,025 (−5 %): {cheaper:.1f} days, {fewer:.1f} fewer"
    expect(visit.points.nth(3)).to_have_attribute("aria-label", words)
    expect(visit.page.locator("#reading")).to_contain_text("£9,500, as entered")
    visit.points.nth(3).hover()
    expect(visit.page.locator("#reading")).to_have_text(words)
    visit.page.get_by_text("The chart as a table").click()
    rows = visit.page.get_by_role("row")
    expect(rows).to_have_count(10)
    expect(rows.nth(4)).to_have_text(re.compile(rf"£9,025\s*−5 %\s*{cheaper:.1f}"))


def test_another_field_can_be_what_differs(visit: Visit, service: Service) -> None:
    """The select offers every number; a whole number stays whole, and an empty one has no chart."""
    visit.ask()
    expect(visit.points).to_have_count(9)
    other = visit.field("What if this were different?")
    assert other.locator("option").all_inner_texts() == ["Price", "Valuation", "Mileage", "Owners"]

    other.select_option("Mileage")

    expect(visit.page.locator("#chart")).to_contain_text("Mileage (miles)")
    expect(visit.points.first).to_have_attribute(
        "aria-label", re.compile(rf"^33,600 miles \(−20 %\): {predicted(service, mileage=33_600):.1f} days")
    )
    other.select_option("Owners")
    expect(visit.page.locator("#no-chart")).to_contain_text("Enter a number for owners")
    visit.field("Owners").fill("2")
    visit.field("Owners").press("Tab")
    expect(visit.points).to_have_count(9)
    other.select_option("Mileage")
    visit.field("Mileage").fill("3")
    visit.field("Mileage").press("Tab")
    # Three miles have no neighbours below none.
    expect(visit.points).to_have_count(8)
    expect(visit.points.first).to_have_attribute("aria-label", re.compile(r"^0 miles \(−3\)"))


def test_variants_that_the_model_does_not_take_cost_the_others_nothing(
    visit: Visit, service: Service
) -> None:
    """At the lowest price that is taken, the chart has the prices above it."""
    visit.field("Price").fill("1")
    visit.ask()

    visit.answered(predicted(service, price_gbp=1))
    expect(visit.points).to_have_count(5)
    expect(visit.page.locator("#message")).to_be_hidden()


def test_the_answer_follows_what_is_entered(visit: Visit, service: Service) -> None:
    """After the first answer a change is asked at once, and does not move the focus."""
    visit.ask()
    visit.answered(predicted(service))

    visit.field("Price").fill("12000")
    visit.field("Price").press("Tab")

    visit.answered(predicted(service, price_gbp=12_000))
    expect(visit.field("Valuation")).to_be_focused()


def test_a_slow_click_on_the_button_is_not_lost_to_an_answer(visit: Visit) -> None:
    """Pressing the button ends an entry too; an answer to that moves nothing before the release."""
    visit.ask()
    expect(visit.points).to_have_count(9)
    visit.field("Price").fill("cheap")
    button = visit.page.get_by_role("button", name="How many days?")
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    assert box
    mouse = visit.page.mouse

    mouse.move(box["x"] + 5, box["y"] + 5)
    mouse.down()
    visit.page.wait_for_timeout(500)
    mouse.up()

    expect(visit.field("Price")).to_be_focused()
    expect(visit.beside("Price", "error")).to_be_visible()


def test_an_entry_ended_by_a_press_that_slips_off_the_button_is_answered(
    visit: Visit, service: Service
) -> None:
    """No click comes of such a press, and still the answer is that to what is entered."""
    visit.ask()
    visit.answered(predicted(service))
    visit.field("Price").fill("12000")
    button = visit.page.get_by_role("button", name="How many days?")
    button.hover()

    visit.page.mouse.down()
    visit.page.mouse.move(1, 1)
    visit.page.mouse.up()

    visit.answered(predicted(service, price_gbp=12_000))


def test_errors_stand_beside_their_fields_and_the_first_gets_the_focus(
    visit: Visit, service: Service
) -> None:
    """What the service says of a field is tied to it, and goes once it is mended."""
    visit.field("Valuation").fill("cheap")
    visit.field("Mileage").fill("-3")
    visit.ask()

    expect(visit.field("Valuation")).to_be_focused()
    expect(visit.beside("Valuation", "error")).to_contain_text("Valuation is not a number")
    expect(visit.beside("Mileage", "error")).to_contain_text("at least 0")
    expect(visit.beside("Price", "error")).to_be_hidden()
    expect(visit.field("Valuation")).to_have_attribute("aria-invalid", "true")
    described = visit.field("Valuation").get_attribute("aria-describedby") or ""
    assert visit.beside("Valuation", "error").get_attribute("id") in described.split()
    expect(visit.page.get_by_role("alert")).to_have_text("Please check 2 values.")
    expect(visit.page.locator("#answer")).to_be_hidden()

    visit.field("Valuation").fill("10000")
    visit.field("Mileage").fill("42000")
    visit.ask()

    visit.answered(predicted(service))
    expect(visit.beside("Valuation", "error")).to_be_hidden()
    expect(visit.page.locator("[aria-invalid]:visible")).to_have_count(0)
    expect(visit.page.locator("#message")).to_be_hidden()


def test_what_is_required_cannot_stay_empty_and_what_is_optional_can(visit: Visit, service: Service) -> None:
    """An empty price is an error of the price; empty optional fields and dates are answered."""
    visit.field("Fuel").select_option("not known")
    visit.field("Price").fill("")
    visit.ask()
    expect(visit.beside("Price", "error")).to_contain_text("Price is required")
    assert visit.page.locator("[aria-invalid=true]").count() == 1

    visit.field("Price").fill("9500")
    visit.ask()

    visit.answered(predicted(service, fuel=None))


def test_values_unlike_training_get_a_warning_and_an_answer(visit: Visit, service: Service) -> None:
    """A category never seen and a number out of range are answered, with a word beside the field."""
    visit.field("Model").fill("Gulf")
    visit.field("Mileage").fill("900000")
    visit.ask()

    visit.answered(predicted(service, model="Gulf", mileage=900_000))
    expect(visit.beside("Model", "warning")).to_contain_text(
        "Model is a category that the model was not trained on"
    )
    expect(visit.beside("Model", "warning")).to_contain_text("Golf")
    expect(visit.beside("Mileage", "warning")).to_contain_text("above what the model was trained on")
    expect(visit.page.get_by_role("status")).to_contain_text("not trained on")
    expect(visit.page.locator("[aria-invalid]:visible")).to_have_count(0)
    visit.field("What if this were different?").select_option("Mileage")
    expect(visit.page.locator("#chart .unusual")).to_have_count(9)


def test_a_service_that_is_away_is_told(visit: Visit, service: Service) -> None:
    """Without a network the page says so, and the next question is answered."""
    visit.page.context.set_offline(True)
    visit.ask()
    expect(visit.page.get_by_role("alert")).to_contain_text("did not answer")

    visit.page.context.set_offline(False)
    visit.ask()

    visit.answered(predicted(service))
    visit.complaints[:] = [said for said in visit.complaints if "INTERNET_DISCONNECTED" not in said]


def test_a_key_is_asked_for_and_kept_in_the_tab(visits: Open, tmp_path: Path) -> None:
    """A service with keys leads to a field for one; the key stays in the tab and is known after a reload."""
    package_with_texts(tmp_path / "package")
    digest = hashlib.sha256(b"open-sesame").hexdigest()
    (tmp_path / "keys").write_text(f"visitor sha256:{digest}\n", encoding="utf-8")
    with serving(tmp_path, DAYS_TO_SELL_API_KEYS_FILE=str(tmp_path / "keys")) as service:
        visit = visits(service)
        expect(visit.field("API key")).to_be_hidden()
        visit.ask()
        expect(visit.field("API key")).to_be_focused()
        expect(visit.page.get_by_role("alert")).to_have_text("The service asks for a key.")
        visit.field("API key").fill("sesame")
        visit.field("API key").press("Enter")
        expect(visit.page.get_by_role("alert")).to_have_text("The service does not know this key.")
        visit.field("API key").fill("open-sesame")
        visit.field("API key").press("Enter")
        expect(visit.points).to_have_count(9)

        visit.page.reload()
        visit.ask()

        expect(visit.points).to_have_count(9)
        kept = visit.page.evaluate("[Object.values(sessionStorage), localStorage.length, document.cookie]")
        assert kept == [["open-sesame"], 0, ""]
