"""The integrity report as a page: for people, from one file, with nothing to run."""

from __future__ import annotations

import re

from days_to_sell.data.report import CheckResult, Report
from days_to_sell.data.report_page import render_page

GOOD = CheckResult("adverts", "advert_id is unique", 20_000, 0)
BAD = CheckResult("adverts", "price_gbp is above zero", 20_000, 1_234, ("a1", "<script>alert(1)</script>"))
DOUBTFUL = CheckResult("training data", "mileage is as in Production", 1, 1, halts=False, note="PSI 0.140")


def test_the_page_shows_every_check_with_its_counts_and_samples() -> None:
    """Failures stand before warnings, and those before what holds."""
    page = render_page(Report((GOOD, DOUBTFUL, BAD)))
    places = [page.index(result.check) for result in (BAD, DOUBTFUL, GOOD)]
    assert places == sorted(places)
    assert "1,234 of 20,000" in page
    assert "<code>a1</code>" in page
    assert "PSI 0.140" in page
    assert "nothing was trained or registered" in page


def test_a_value_is_text_and_nothing_else() -> None:
    """What stands in the data cannot become a part of the page."""
    page = render_page(Report((BAD,)))
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_nothing_comes_from_elsewhere() -> None:
    """No address, no script, no picture: the page is read where it lies."""
    page = render_page(Report((GOOD, BAD)))
    assert re.findall(r"https?:|<link|<img|src=|@import|url\(", page) == []


def test_the_page_can_be_heard() -> None:
    """Language, headings of columns and rows, and a word beside every colour."""
    page = render_page(Report((GOOD, BAD)))
    assert '<html lang="en">' in page
    assert page.count('scope="row"') == 2
    assert '<td class="FAILED">FAILED</td>' in page
