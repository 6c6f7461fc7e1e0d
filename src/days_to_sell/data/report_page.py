"""The integrity report as one page: nothing of it comes from elsewhere, and every value is escaped."""

from __future__ import annotations

from days_to_sell.data.pages import page_environment
from days_to_sell.data.report import Report

TEMPLATE = "report.html.jinja"


def render_page(report: Report) -> str:
    """Write the report as HTML."""
    template = page_environment("days_to_sell.data").get_template(TEMPLATE)
    ok = [result for result in report.results if result.severity == "ok"]
    verdict = "green" if report.green else "red"
    return template.render(report=report, ok=ok, verdict=verdict)
