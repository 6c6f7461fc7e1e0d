"""A page as a person has it open, and the small model that answers there."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from days_to_sell.spec import Column, Field, Quantile
from tests.packages import make_package, rewrite
from tests.service import Service

MODELS = tuple(f"Model {number}" for number in range(20))
# What the formula of the tiny package does not use is asked for all the same.
MORE = (
    Field(Column("model", "string", description="model, as in Golf"), ("Golf", "Fiesta", *MODELS), "Golf"),
    Field(Column("fuel", "string", nullable=True), ("Petrol", "Diesel"), "Petrol"),
    Field(Column("as_of", "date", default_today=True, description="day of listing"), example="2024-01-02"),
    Field(Column("owners", "double", nullable=True, minimum=0), example=None),
)
SPREAD = (Quantile(0.1, 0.25), Quantile(0.5, 0.75), Quantile(0.9, 2.0))


@dataclass
class Visit:
    """A page that is open, and all that it asked for and complained of."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def field(self, label: str) -> Locator:
        """The control of a label."""
        return self.page.get_by_label(label, exact=True)

    def ask(self) -> None:
        """Click the button."""
        self.page.get_by_role("button", name="How many days?").click()

    @property
    def days(self) -> Locator:
        """Where the answer stands."""
        return self.page.locator("#days")

    @property
    def points(self) -> Locator:
        """The points of the chart."""
        return self.page.locator("#chart .point")

    def beside(self, label: str, kind: str) -> Locator:
        """What stands beside a field: its error or its warning."""
        return self.page.locator(f"#{self.field(label).get_attribute('id')}-{kind}")

    def answered(self, days: float) -> None:
        """Wait until exactly this is answered."""
        expect(self.days).to_have_text(f"{days:.1f}")
        assert float(self.days.get_attribute("value") or "nan") == days


Open = Callable[..., Visit]


def package_with_texts(root: Path) -> None:
    """Write a package whose contract has each type of field, and quantiles."""
    make_package(root)

    def widen(text: str) -> str:
        contract = json.loads(text)
        contract["fields"] += [asdict(each) for each in MORE]
        contract["quantiles"] = [asdict(each) for each in SPREAD]
        return json.dumps(contract)

    def fill(text: str) -> str:
        rows = [json.loads(line) for line in text.splitlines()]
        return "".join(json.dumps(row | {"input": row["input"] | {"model": "Golf"}}) + "\n" for row in rows)

    rewrite(root, "contract.json", widen)
    rewrite(root, "golden.jsonl", fill)


def predicted(service: Service, **row: object) -> float:
    """What the API answers to a car that differs from the examples."""
    car = {"price_gbp": 9_500, "valuation_gbp": 10_000, "mileage": 42_000, "model": "Golf", "fuel": "Petrol"}
    status, body = service.ask("POST", "/invocations", {"dataframe_records": [car | row]})
    assert status == 200
    (days,) = json.loads(body)["predictions"]
    return float(days)
