"""The integrity report as one page: nothing of it comes from elsewhere, and every value is escaped."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from days_to_sell.data.report import Report

TEMPLATE = "report.html.jinja"


def render_page(report: Report) -> str:
    """Write the report as HTML."""
    environment = Environment(
        loader=PackageLoader("days_to_sell.data", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    ok = [result for result in report.results if result.severity == "ok"]
    verdict = "green" if report.green else "red"
    return environment.get_template(TEMPLATE).render(report=report, ok=ok, verdict=verdict)
