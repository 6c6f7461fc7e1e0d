"""The pages as HTML: what the form is made of, whatever a contract holds, and what browsers are told."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from days_to_sell.settings import Settings
from days_to_sell.spec import Column, Field, RequestContract
from serving.page.inputs import SELECTABLE, inputs_of, label_of
from serving.page.view import ASSETS, page

NASTY = '"><script>alert(1)</script>'
FIELDS = (
    Field(Column("price_eur", "double", "EUR", minimum=0.5, maximum=1e6), example=9_500.0),
    Field(Column("doors", "long", minimum=2), example=5),
    Field(Column("colour", "string", nullable=True), ("red", NASTY), "red"),
    Field(Column("make", "string"), tuple(f"make {n}" for n in range(SELECTABLE + 1)), "make 3"),
    Field(Column("story", "string", description='who\'s "it" & <why>'), example="a\tb"),
    Field(Column("as_of", "date", default_today=True), example="2024-01-02"),
    Field(Column('it\'s "quoted" & <b>', "double", "<km>", nullable=True), example=None),
)


class Elements(HTMLParser):
    """Collects the elements of a document, with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep one element."""
        self.found.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Attributes of each element of a name."""
        return [attributes for name, attributes in self.found if name == tag]

    @property
    def controls(self) -> dict[str | None, tuple[str, dict[str, str | None]]]:
        """The elements that fill fields, by name of the field."""
        return {made["data-field"]: (tag, made) for tag, made in self.found if "data-field" in made}


def contract_of(*fields: Field, title: str = "Tiny model") -> RequestContract:
    """A contract of these fields."""
    return RequestContract("tiny-model", title, "Days, by a formula", 180, fields)


def served(contract: RequestContract) -> FlaskClient:
    """A client of the page alone."""
    app = Flask("page")
    app.register_blueprint(page(contract, Settings(model_version="7")))
    return app.test_client()


def shown(contract: RequestContract) -> Elements:
    """The elements of the page of a contract."""
    return Elements(served(contract).get("/").get_data(as_text=True))


def test_every_field_has_the_control_of_its_type() -> None:
    """Few categories are chosen, many are searched, numbers and dates are entered; nothing is left out."""
    controls = shown(contract_of(*FIELDS)).controls

    assert list(controls) == [field.column.name for field in FIELDS]
    kinds = [
        (tag, made.get("type"), made.get("inputmode"), "list" in made) for tag, made in controls.values()
    ]
    assert kinds == [
        ("input", "text", "decimal", False),
        ("input", "text", "numeric", False),
        ("select", None, None, False),
        ("input", "text", None, True),
        ("input", "text", None, False),
        ("input", "date", None, False),
        ("input", "text", "decimal", False),
    ]


def test_every_control_has_a_label_and_what_describes_it() -> None:
    """Labels, hints, errors and warnings are tied to their control, and no two elements share a name."""
    elements = shown(contract_of(*FIELDS))
    ids = [made["id"] for _, made in elements.found if "id" in made]
    labelled = {made["for"] for made in elements.all("label")}

    assert len(ids) == len(set(ids))
    for tag in ("input", "select"):
        for made in elements.all(tag):
            assert made["id"] in labelled
            assert set((made.get("aria-describedby") or "").split()) <= set(ids)
    for _, made in elements.controls.values():
        assert f"{made['id']}-error" in (made["aria-describedby"] or "")
        assert f"{made['id']}-warning" in (made["aria-describedby"] or "")


def test_the_form_starts_with_the_contract_s_examples() -> None:
    """Numbers are written without needless digits, and a date that means today stays empty."""
    controls = {name: made for name, (_, made) in shown(contract_of(*FIELDS)).controls.items()}

    assert controls["price_eur"]["value"] == "9500"
    assert controls["make"]["value"] == "make 3"
    assert controls["as_of"]["value"] == ""
    assert controls['it\'s "quoted" & <b>']["value"] == ""
    chosen = [made["value"] for made in shown(contract_of(*FIELDS)).all("option") if "selected" in made]
    assert chosen == ["red"]


def test_what_may_be_empty_is_said() -> None:
    """A field that may be left out says so, and one that may not is required."""
    inputs = {each.column.name: each for each in inputs_of(contract_of(*FIELDS))}
    controls = {name: made for name, (_, made) in shown(contract_of(*FIELDS)).controls.items()}

    assert [inputs[name].note for name in ("colour", "as_of", "doors")] == ["optional", "today if empty", ""]
    for field in FIELDS:
        assert ("required" in controls[field.column.name]) is field.required
    assert (None, "") not in [
        (made.get("selected"), made["value"])
        for made in shown(
            contract_of(replace(FIELDS[2], column=replace(FIELDS[2].column, nullable=False)))
        ).all("option")
    ]


def test_limits_and_units_are_told_to_the_script() -> None:
    """What-ifs stay within what the contract takes."""
    controls = {name: made for name, (_, made) in shown(contract_of(*FIELDS)).controls.items()}

    price, doors = controls["price_eur"], controls["doors"]
    assert (price["data-minimum"], price["data-maximum"], price["data-unit"]) == ("0.5", "1000000.0", "EUR")
    assert doors["data-minimum"] == "2"
    assert "data-maximum" not in doors


def test_whatever_a_contract_holds_is_text() -> None:
    """Markup in names, units, categories, descriptions and titles never becomes an element."""
    elements = shown(contract_of(*FIELDS, title=NASTY))

    assert [made["src"] for made in elements.all("script")] == ["page/page.js"]
    assert elements.all("b") == elements.all("why") == elements.all("km") == []
    assert NASTY in [made.get("value") for made in elements.all("option")]
    assert elements.controls['it\'s "quoted" & <b>'][1]["data-unit"] == "<km>"


@pytest.mark.parametrize(
    ("name", "unit", "label"),
    [
        ("price_gbp", "GBP", "Price"),
        ("mileage_km", "km", "Mileage"),
        ("age_years", "years", "Age"),
        ("mileage", "miles", "Mileage"),
        ("gbp", "GBP", "Gbp"),
        ("fuel_type", "", "Fuel type"),
        ("_", "", ""),
    ],
)
def test_labels_are_names_without_units(name: str, unit: str, label: str) -> None:
    """The unit stands beside the number, so the label does without."""
    assert label_of(Column(name, "double", unit)) == label


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_take_nothing_from_elsewhere(app: Flask, path: str) -> None:
    """The policy allows this service alone, nothing inline, and every file that a page names is there."""
    client = FlaskClient(app)
    reply = client.get(path)

    policy = dict(part.strip().split(" ", 1) for part in reply.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    elements = Elements(reply.get_data(as_text=True))
    assert elements.all("style") == []
    for _, made in elements.found:
        assert not any(name == "style" or name.startswith("on") for name in made)
    named = [
        made.get("src") or made.get("href") for tag, made in elements.found if tag in ("script", "link", "a")
    ]
    assert len(named) >= 5
    for address in named:
        assert address is not None
        found = client.get(f"/{address.removeprefix('.')}")
        assert found.status_code == 200, address
        found.close()


def test_unchanged_files_are_not_sent_again(app: Flask) -> None:
    """Pages and their files have a tag; whoever shows it is told that nothing changed."""
    client = FlaskClient(app)
    for path in ("/", "/docs", "/page/page.js", "/page/page.css", "/docs/swagger-ui.css"):
        first = client.get(path)
        tag = first.headers["ETag"]
        first.close()

        again = client.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b""), path
        assert again.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/page/", "/page/nothing.js", "/page/..%2Fview.py", "/docs/swagger-ui.js", "/docs/.."]
)
def test_only_the_files_of_a_page_are_served(app: Flask, path: str) -> None:
    """Nothing else of the folders can be had, and what is not there is a problem document."""
    reply = FlaskClient(app).get(path)

    assert reply.status_code == 404
    assert reply.get_json()["error_code"] == "ENDPOINT_NOT_FOUND"


def test_modules_name_files_that_exist() -> None:
    """Every module that a script imports lies beside it."""
    scripts = sorted(ASSETS.glob("*.js"))

    assert Path(ASSETS / "page.js") in scripts
    for script in scripts:
        for line in script.read_text(encoding="utf-8").splitlines():
            if line.startswith("import "):
                assert (ASSETS / line.split('"')[1]).is_file(), line
