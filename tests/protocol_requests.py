"""Requests that the service and MLflow's own scoring server are both asked, and a model for them to answer.

A request that the two answer differently names the difference, which stands in
``serving/protocol/differences.py``.
"""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from days_to_sell.scoring.derive import Derivations
from days_to_sell.scoring.golden import GoldenRow
from days_to_sell.scoring.package import ModelPackage, write_package
from days_to_sell.spec import Column, Field, Ratio, RequestContract
from tests.packages import cars, days_by_formula, profile_of, write_bundle

FIELDS = (
    Field(Column("make", "string"), ("Ford", "Kia"), "Ford"),
    Field(Column("price_gbp", "double", "GBP", minimum=1, maximum=1e6), example=9_500.0),
    Field(Column("valuation_gbp", "double", "GBP", minimum=0), example=10_000.0),
    Field(Column("mileage", "long", "miles", minimum=0, maximum=1_000_000), example=42_000),
    Field(Column("colour", "string", nullable=True), ("red",), "red"),
    Field(Column("owners", "double", nullable=True, minimum=0), example=2.0),
    Field(Column("as_of", "date", default_today=True), example="2026-03-01"),
)
CAR: dict[str, Any] = {field.column.name: field.example for field in FIELDS}
DEAR = {**CAR, "make": "Kia", "price_gbp": 12_000.0}
NAMES, VALUES, OTHERS = list(CAR), list(CAR.values()), list(DEAR.values())
COLUMNS = {name: [value, DEAR[name]] for name, value in CAR.items()}
JSON, CSV = "application/json", "text/csv"


def write_model_package(folder: Path) -> ModelPackage:
    """Write a package whose contract has every type of field, required or not."""
    write_bundle(folder / "bundle.zip")
    return write_package(
        folder / "package",
        model="tiny-model",
        bundle=folder / "bundle.zip",
        contract=RequestContract("tiny-model", "Tiny model", "Days by a formula", 180, FIELDS),
        derivations=Derivations({"price_to_valuation": Ratio("price_gbp", "valuation_gbp")}, {}),
        golden=[GoldenRow("row-0", "sample", CAR, days_by_formula(CAR))],
        profile=profile_of(cars(400)),
        provenance={"run_id": "a1b2c3", "code_commit": "0123456789abcdef"},
    )


@dataclass(frozen=True)
class Request:
    """One request.

    Args:
        name: What is special about it.
        body: Its bytes.
        content_type: Its header, if it has one.
        method: Its method.
        target: Its path and query.
        encoding: Its header ``Content-Encoding``, if it has one.
        differs: Name of the difference that it shows.
    """

    name: str
    body: bytes
    content_type: str | None = JSON
    method: str = "POST"
    target: str = "/invocations"
    encoding: str | None = None
    differs: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """The headers that it has."""
        named = {"Content-Type": self.content_type, "Content-Encoding": self.encoding}
        return {name: value for name, value in named.items() if value is not None}


def requests() -> list[Request]:
    """Make all requests."""
    return [*_forms(), *_values(), *_documents(), *_media(), *_tables(), *_written(), *_addresses()]


def _json(name: str, document: Any, differs: str = "") -> Request:
    return Request(name, json.dumps(document).encode(), differs=differs)


def _split(name: str, differs: str = "", **content: Any) -> Request:
    return _json(f"split: {name}", {"dataframe_split": content}, differs)


def _forms() -> Iterator[Request]:
    yield _json("records", {"dataframe_records": [CAR, DEAR]})
    yield _json("records: one alone", {"dataframe_records": CAR})
    yield _json("records: none", {"dataframe_records": []}, "no rows")
    yield _json("records: an empty one", {"dataframe_records": [{}]}, "row refused")
    yield _json("records: lists", {"dataframe_records": [VALUES]})
    yield _json("records: fields in another order", {"dataframe_records": [dict(reversed(CAR.items()))]})
    yield _json(
        "records: twenty", {"dataframe_records": [{**CAR, "price_gbp": 501.5 * n} for n in range(1, 21)]}
    )
    yield _split("frame", columns=NAMES, data=[VALUES, OTHERS])
    yield _split("columns in another order", columns=NAMES[::-1], data=[VALUES[::-1]])
    yield _split("an index", columns=NAMES, index=[5, 5], data=[VALUES, OTHERS])
    yield _split("a longer index", "longer index", columns=NAMES, index=[5, 6], data=[VALUES])
    yield _split("no columns", data=[VALUES])
    yield _split("columns null", columns=None, data=[VALUES])
    yield _split("no data", columns=NAMES)
    yield _split("no rows", columns=NAMES, data=[])
    yield _split("rows as objects", "split of records", columns=NAMES, data=[CAR])
    yield _split("data as columns", "split of records", columns=NAMES, data=COLUMNS)
    yield _split("a column twice", columns=[*NAMES, "make"], data=[[*VALUES, "Kia"]])
    yield _split("an unknown column", "unknown field", columns=[*NAMES, "x"], data=[[*VALUES, 1]])
    yield _split("a required column missing", "row refused", columns=NAMES[1:], data=[VALUES[1:]])
    yield _split("optional columns missing", columns=NAMES[:4], data=[VALUES[:4]])
    yield _split("a short row", "short row", columns=NAMES, data=[VALUES, OTHERS[:6]])
    yield _split("a long row", columns=NAMES, data=[[*VALUES, 1]])
    yield _split("a member more", columns=NAMES, data=[VALUES], dtype={})
    yield _json("split: a list", {"dataframe_split": [VALUES]})
    yield _json("instances: lists", {"instances": [VALUES, OTHERS]}, "lists of values")
    yield _json("instances: one list", {"instances": VALUES})
    some = {name: value for name, value in DEAR.items() if name != "colour"}
    yield _json("instances: an optional field in some", {"instances": [CAR, some]},
                "optional field missing in some rows")  # fmt: skip
    yield _json("instances: a required field in some", {"instances": [CAR, {**CAR} | {"make": None}]},
                "anything for text")  # fmt: skip
    yield _json("inputs: lists", {"inputs": [VALUES, OTHERS]})
    yield _json("inputs: no columns", {"inputs": {}})
    for form in ("instances", "inputs"):
        yield _json(f"{form}: records", {form: [CAR, DEAR]})
        yield _json(f"{form}: columns", {form: COLUMNS})
        yield _json(f"{form}: one record", {form: CAR})
        yield _json(f"{form}: one record of required fields", {form: dict(list(CAR.items())[:4])})
        yield _json(f"{form}: nothing", {form: []}, "no rows")
        yield _json(f"{form}: columns of nothing", {form: {name: [] for name in NAMES}})
        yield _json(f"{form}: one value", {form: 5})
        yield _json(f"{form}: null", {form: None})
        yield _json(f"{form}: ragged columns", {form: COLUMNS | {"make": ["Ford"]}})
        yield _json(f"{form}: a value beside lists", {form: COLUMNS | {"make": "Ford"}}, "value beside lists")
        nested = {name: [[value] for value in values] for name, values in COLUMNS.items()}
        yield _json(f"{form}: columns of lists", {form: nested}, "row refused")
        yield _json(f"{form}: unknown column", {form: COLUMNS | {"x": [1, 2]}}, "unknown field")


def _values() -> Iterator[Request]:
    """One value of a row, in every form."""
    values: tuple[tuple[str, Any, str], ...] = (
        ("make", ["Ford"], "row refused"), ("make", "Trabant", ""), ("make", "", ""), ("make", "Škoda", ""),
        ("price_gbp", 9_500, ""), ("price_gbp", "9500", "text for a number"),
        ("price_gbp", "cheap", "row refused"), ("price_gbp", True, "truth for a number"),
        ("price_gbp", None, "row refused"), ("price_gbp", 0, "row refused"),
        ("price_gbp", 2e6, "row refused"), ("price_gbp", [1], "row refused"),
        ("price_gbp", {"a": 1}, "row refused"), ("price_gbp", 1 / 3 + 1, ""),
        ("valuation_gbp", 0, "row refused"), ("valuation_gbp", 1e-300, ""), ("mileage", 42_000.0, ""),
        ("mileage", 4.5, "fraction for a whole number"), ("mileage", "42000", "text for a number"),
        ("mileage", None, "row refused"), ("mileage", -1, "row refused"), ("mileage", 2**63, "row refused"),
        ("mileage", 10**400, "row refused"), ("mileage", True, "truth for a number"), ("colour", None, ""),
        ("colour", "Trabant", ""), ("owners", None, ""), ("owners", 2, ""),
        ("owners", "2", "text for a number"), ("as_of", "2026-03-01", ""),
        ("as_of", "01/03/2026", "row refused"), ("as_of", "2026-03-01T00:00:00", "row refused"),
        ("as_of", "2026-02-30", "row refused"), ("as_of", 20260301, "row refused"),
        ("as_of", "", "row refused"), ("x", 1, "unknown field"),
    )  # fmt: skip
    for field, value, differs in values:
        yield from _in_every_form(field, value, differs, differs)
    for value in (None, 5, True):
        yield from _in_every_form("make", value, "row refused", "anything for text")
    yield from _in_every_form("colour", 5, "row refused", "anything for text")
    yield from _in_every_form("as_of", None, "", "null date")


def _in_every_form(field: str, value: Any, in_frames: str, in_tensors: str) -> Iterator[Request]:
    row = {**CAR, field: value}
    name = f"{field} is {str(value)[:20]!r} ({type(value).__name__})"
    yield _json(f"records: {name}", {"dataframe_records": [row]}, in_frames)
    yield _split(name, in_frames, columns=list(row), data=[list(row.values())])
    yield _json(f"instances: {name}", {"instances": [row]}, in_tensors)
    yield _json(f"inputs: {name}", {"inputs": [row]}, in_tensors)
    yield _json(f"columns: {name}", {"inputs": {each: [of] for each, of in row.items()}}, in_tensors)


def _documents() -> Iterator[Request]:
    good = json.dumps({"instances": [CAR]}).encode()
    for body in (b"", b"  ", b"{", b"[]", b"null", b'"a"', b"{}", good + b" x", good.replace(b'"', b"'")):
        yield Request(f"JSON: {body[:9]!r}", body)
    latin = json.dumps({"instances": [{**CAR, "make": "Citroën"}]}, ensure_ascii=False).encode("latin-1")
    yield Request("JSON: latin-1", latin)
    yield Request("JSON: byte order mark", b"\xef\xbb\xbf" + good)
    yield Request("JSON: UTF-16", good.decode().encode("utf-16"), differs="UTF-16")
    yield Request(
        "JSON: a field twice", good.replace(b'"make"', b'"make": "Kia", "make"'), differs="named twice"
    )
    yield Request("JSON: a member twice", b'{"instances": [], ' + good[1:], differs="named twice")
    yield _json("JSON: NaN", {"instances": [{**CAR, "owners": float("nan")}]}, "NaN")
    yield Request("JSON: a number too large", good.replace(b"9500.0", b"1e999"), differs="row refused")
    yield Request("JSON: deep", b"[" * 9_000 + b"]" * 9_000, differs="beyond the parser")
    digits = good.replace(b"42000", b"9" * 5_000)
    yield Request("JSON: a number of 5,000 digits", digits, differs="beyond the parser")
    yield _json("two forms", {"instances": [CAR], "inputs": [CAR]})
    yield _json("another member", {"instances": [CAR], "signature_name": "x"}, "member beside the form")
    yield _json("no form", {"columns": NAMES, "data": [VALUES]})
    for params, differs in (({}, ""), (None, ""), ({"a": 1}, "params"), ([], "params"), ("a", "params")):
        yield _json(f"params {params!r}", {"instances": [CAR], "params": params}, differs)
    for member in ("messages", "prompt", "input"):
        yield _json(f"a language model's {member}", {member: "how long?"})
        yield _json(f"a language model's {member} and rows", {member: "how long?", "instances": [CAR]})
    yield _json("more rows than the limit", {"dataframe_records": [CAR] * 1_001}, "limit")
    yield Request("more bytes than the limit", good.ljust(1_000_001), differs="limit")


def _media() -> Iterator[Request]:
    good = json.dumps({"instances": [CAR]}).encode()
    for same in (
        "application/json; charset=utf-8", "application/json;charset=UTF-8",
        "application/json; charset=latin-1", "application/json; charset=utf-16",
        "application/json; format=pandas-split", "text/json", "text/plain", "", "application/problem+json",
        "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "*/*",
        "application/json; charset=utf-8; charset=latin-1",
    ):  # fmt: skip
        yield Request(f"type: {same!r}", good, same)
    for other in (
        "Application/JSON", 'application/json; charset="utf-8"', "application/json; charset=utf8",
        "application/json; charset=", "application/json;",
    ):  # fmt: skip
        yield Request(f"type: {other!r}", good, other, differs="other spelling of a type")
    yield Request("type: none", good, None, differs="no content type")
    yield Request("compressed", gzip.compress(good), encoding="gzip", differs="compressed")
    parquet = io.BytesIO()
    pd.DataFrame([CAR]).to_parquet(parquet)
    yield Request("Parquet", parquet.getvalue(), "application/vnd.apache.parquet", differs="Parquet")


def _tables() -> Iterator[Request]:
    header = ",".join(NAMES)
    line, other = ",".join(map(str, VALUES)), ",".join(map(str, OTHERS))
    quoted = "\n".join(",".join(f'"{value}"' for value in each.split(",")) for each in (header, line))
    tables: dict[str, tuple[str, str]] = {
        "two rows": (f"{header}\n{line}\n{other}\n", ""),
        "CRLF": (f"{header}\r\n{line}\r\n{other}\r\n", ""),
        "CR": (f"{header}\r{line}\r{other}\r", ""),
        "no last line break": (f"{header}\n{line}", ""),
        "byte order mark": (f"\ufeff{header}\n{line}\n", ""),
        "quotes": (quoted, ""),
        "comma, quotes and line break in a text": (f"{header}\n{line}".replace("Ford", '"Fo,r""d\n"'), ""),
        "a quote inside a text": (f"{header}\n{line}".replace("Ford", 'Fo"rd'), ""),
        "text behind a quote": (f"{header}\n{line}".replace("Ford", '"Fo"rd'), "text behind a quote"),
        "an open quote": (f"{header}\n{line}".replace("Ford", '"Ford'), ""),
        "nothing": ("", ""),
        "blank lines alone": ("\n\n", ""),
        "header alone": (header, ""),
        "blank lines between": (f"\n{header}\n\n{line}\n  \n\n{other}\n", ""),
        "no header": (line, ""),
        "columns in another order": (f"{','.join(NAMES[::-1])}\n{','.join(line.split(',')[::-1])}", ""),
        "optional columns missing": (f"{','.join(NAMES[:4])}\n{','.join(line.split(',')[:4])}", ""),
        "a required column missing": (f"{header[5:]}\n{line[5:]}", "row refused"),
        "an unknown column": (f"{header},x\n{line},1", "unknown field"),
        "a frame's index": (f",{header}\n0,{line}\n1,{other}", ""),
        "a column twice": (f"{header},make\n{line},Kia", "named twice"),
        "a short line": (f"{header}\n{line}\nFord,1", ""),
        "a line short of optional values": (f"{header}\n{','.join(line.split(',')[:4])}", "ragged line"),
        "a long line": (f"{header}\n{line}\n{line},1", ""),
        "every line long": (f"{header}\n0,{line}\n1,{other}", "ragged line"),
        "semicolons": (f"{header}\n{line}".replace(",", ";"), ""),
        "tabs": (f"{header}\n{line}".replace(",", "\t"), ""),
    }  # fmt: skip
    for name, (text, differs) in tables.items():
        yield Request(f"CSV: {name}", text.encode(), CSV, differs=differs)
    plain = f"{header}\n{line}\n"
    yield Request("CSV: charset", plain.encode(), f"{CSV}; charset=UTF-8")
    yield Request("CSV: header=present", plain.encode(), f"{CSV}; header=present")
    yield Request(
        "CSV: application/csv", plain.encode(), "application/csv", differs="other spelling of a type"
    )
    yield Request("CSV: UTF-16", plain.encode("utf-16"), CSV)
    yield Request("CSV: latin-1", plain.replace("Ford", "Citroën").encode("latin-1"), CSV)


def _written() -> Iterator[Request]:
    """One value as CSV writes it."""
    words = ("NA", "NaN", "nan", "-nan", "null", "NULL", "None", "N/A", "n/a", "<NA>", "#N/A")
    no_numbers = ("cheap", "9_500", '"9,500"', "0x10", "٩٥٠٠", "1e", "1d3", "inf", "-", " ", "Null")
    values: tuple[tuple[str, tuple[str, ...], str], ...] = (
        ("price_gbp", ("9500", " 9500", "9500 ", "+9500", "1e4", "9500."), ""),
        ("price_gbp", (*no_numbers, *words, "", '""', "0"), "row refused"),
        ("price_gbp", ("True",), "truth for a number"),
        ("mileage", ("42000.0", "4e4", "042000"), ""),
        ("mileage", ("4.5", "", "NA", "-1"), "row refused"),
        ("owners", ("", *words), ""),
        ("make", ("5", "True", " Ford"), ""),
        ("make", ("", '""'), "row refused"),
        ("make", ("NA", "None", "null"), "text called NA"),
        ("colour", ("", "NA"), ""),
        ("as_of", ("",), ""),
        ("as_of", ("NA",), "word for a missing date"),
        ("as_of", ("01/03/2026", "2026-03-01 00:00:00"), "row refused"),
    )
    for field, written, differs in values:
        for text in written:
            line = ",".join(text if name == field else str(value) for name, value in CAR.items())
            body = f"{','.join(NAMES)}\n{line}\n".encode()
            yield Request(f"CSV: {field} is {text!r}", body, CSV, differs=differs)


def _addresses() -> Iterator[Request]:
    good = json.dumps({"instances": [CAR]}).encode()
    yield Request("an option", good, target="/invocations?verbose=true", differs="option")
    yield Request("with a slash", good, target="/invocations/", differs="slash")
    for method, target, differs in (
        ("GET", "/invocations", ""), ("PUT", "/invocations", ""), ("DELETE", "/invocations", ""),
        ("HEAD", "/invocations", ""), ("OPTIONS", "/invocations", "method"), ("GET", "/ping", ""),
        ("GET", "/health", ""), ("POST", "/ping", ""), ("HEAD", "/ping", "method"),
        ("GET", "/version", "version"), ("GET", "/openapi.json", "contract"), ("GET", "/nowhere", ""),
        ("GET", "/", "own address"), ("GET", "/livez", "own address"), ("GET", "/readyz", "own address"),
        ("GET", "/metrics", "own address"),
    ):  # fmt: skip
        yield Request(f"{method} {target}", b"", None, method, target, differs=differs)
