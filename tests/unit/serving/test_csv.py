"""CSV: what a table of text becomes, and what is refused of it."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.packages import days_by_formula
from tests.unit.serving.conftest import CAR, CAR_DAYS

HEADER = ",".join(CAR)
LINE = ",".join(map(str, CAR.values()))


def ask(client: FlaskClient, body: str | bytes, content_type: str = "text/csv") -> TestResponse:
    """Post a table."""
    return client.post("/invocations", data=body, content_type=content_type)


def changed(**change: str) -> str:
    """A table of one row in which some values are written as given."""
    return f"{HEADER}\n{','.join(change.get(name, str(value)) for name, value in CAR.items())}\n"


TABLES: dict[str, str | bytes] = {
    "plain": f"{HEADER}\n{LINE}\n",
    "without a last line break": f"{HEADER}\n{LINE}",
    "lines end as on Windows": f"{HEADER}\r\n{LINE}\r\n",
    "lines end as on old Macs": f"{HEADER}\r{LINE}\r",
    "byte order mark": b"\xef\xbb\xbf" + f"{HEADER}\n{LINE}\n".encode(),
    "every value in quotes": "\n".join(
        ",".join(f'"{value}"' for value in line.split(",")) for line in (HEADER, LINE)
    ),
    "columns in another order": f"{','.join([*CAR][::-1])}\n{','.join(LINE.split(',')[::-1])}\n",
    "lines without anything": f"\n{HEADER}\n\n   \n{LINE}\n\n",
    "with the index of a frame": f",{HEADER}\n17,{LINE}\n",
    "a text with all that needs quotes": changed(make='"Fo,r""d\n"'),
    "blanks around a number": changed(price_gbp=" 9.5e3 "),
    "a whole number with a point": changed(doors="5.0"),
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("content_type", ["text/csv", "application/csv", "text/csv; charset=UTF-8"])
def test_a_table_is_answered_however_it_is_written(
    client: FlaskClient, table: str | bytes, content_type: str
) -> None:
    """What spreadsheets, pandas and R write means the same row."""
    assert ask(client, table, content_type).get_json() == {"predictions": [CAR_DAYS]}


def test_each_line_is_a_row_in_its_order(client: FlaskClient) -> None:
    """Numbers come in the order of the lines, none for the header alone."""
    dear = {**CAR, "price_gbp": 12_000.0}
    body = f"{HEADER}\n{LINE}\n{','.join(map(str, dear.values()))}\n"

    assert ask(client, body).get_json()["predictions"] == [CAR_DAYS, pytest.approx(days_by_formula(dear))]
    assert ask(client, HEADER).get_json() == {"predictions": []}


@pytest.mark.parametrize("word", ["", '""', "NA", "NaN", "null", "NULL", "None", "N/A", "<NA>"])
def test_a_missing_number_may_be_empty_or_a_word_for_it(client: FlaskClient, word: str) -> None:
    """A required number is then missing, not wrong."""
    (entry,) = ask(client, changed(price_gbp=word)).get_json()["errors"]

    assert (entry["field"], entry["value"]) == ("price_gbp", "missing")


@pytest.mark.parametrize("word", ["NA", "None", "null", "nan"])
def test_a_text_may_be_called_what_means_a_missing_number(client: FlaskClient, word: str) -> None:
    """Only an empty text is missing."""
    assert ask(client, changed(make=word)).status_code == 200
    assert ask(client, changed(make="")).get_json()["errors"][0]["value"] == "missing"


@pytest.mark.parametrize(
    "written", ["cheap", "9_500", '"9,500"', "0x10", "٩٥٠٠", "1e", "1d3", "inf", "True", "-", " "]
)
def test_what_is_not_written_as_a_number_is_none(client: FlaskClient, written: str) -> None:
    """Nothing is guessed; the value comes back as it was written."""
    reply = ask(client, changed(price_gbp=written))

    assert reply.status_code == 422
    (entry,) = reply.get_json()["errors"]
    assert entry["value"] == written.strip('"')
    assert "is not a number" in entry["message"]


REFUSED: dict[str, tuple[Any, str]] = {
    "nothing": ("", "no first line"),
    "only blank lines": ("\n\n", "no first line"),
    "no header": (LINE, "names no field of the model"),
    "semicolons": (HEADER.replace(",", ";"), "with commas between"),
    "a field twice": (f"{HEADER},make\n{LINE},Kia", "names 'make' twice"),
    "too few values": (f"{HEADER}\n{LINE}\nFord,1\n", "line 3 has 2 values for 6 fields"),
    "too many values": (f"{HEADER}\n{LINE},\n", "line 2 has 7 values for 6 fields"),
    "an open quote": (f'{HEADER}\n"{LINE}', "line 2 is not CSV"),
    "text behind a quote": (f'{HEADER}\n"Ford"s{LINE}', "line 2 is not CSV"),
    "not UTF-8": (f"{HEADER}\nCitroën".encode("latin-1"), "not UTF-8 at byte 54"),
    "a field without end": (f"{HEADER}\n{'x' * 140_000}", "20000 bytes"),
}


@pytest.mark.parametrize(("body", "says"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_table_is_told_where(client: FlaskClient, body: Any, says: str) -> None:
    """The reply names line and reason."""
    reply = ask(client, body)

    assert reply.status_code == (413 if "bytes" in says else 400)
    assert says in reply.get_json()["detail"]


def test_more_lines_than_the_limit_are_refused(client: FlaskClient) -> None:
    """The limit on rows holds for tables too."""
    reply = ask(client, "\n".join([HEADER, *[LINE] * 51]))

    assert reply.status_code == 413
    assert "more than 50 rows" in reply.get_json()["detail"]
