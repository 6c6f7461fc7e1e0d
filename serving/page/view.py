"""Serves the page and the files that it is made of."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, request, send_from_directory
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from days_to_sell.settings import Settings
from days_to_sell.spec import RequestContract
from serving.page.inputs import inputs_of

HERE = Path(__file__).parent
ASSETS = HERE / "assets"
# Nothing from elsewhere, nothing inline; the script asks this service alone.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)


def page(contract: RequestContract, settings: Settings) -> Blueprint:
    """Make the page of a model: ``/``, and its files below ``/page/``.

    Args:
        contract: What the form asks for.
        settings: The version that answers, and how many rows it takes at once.
    """
    pages = Blueprint("page", __name__)
    html = render("page.html", contract=contract, inputs=inputs_of(contract), settings=settings)

    @pages.get("/")
    def show() -> Response:
        return answer(html, POLICY)

    @pages.get("/page/<name>")
    def asset(name: str) -> Response:
        return guarded(send_from_directory(ASSETS, name))

    return pages


def render(template: str, **values: object) -> str:
    """Fill a template; whatever a contract holds is text in it, never markup."""
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**values)


def answer(html: str, policy: str) -> Response:
    """Answer with a document, or that the browser's copy is still right."""
    response = Response(html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = policy
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    guarded(response)
    response.make_conditional(request)
    return response


def guarded(response: Response) -> Response:
    """Forbid the browser to guess types, and to tell other sites where it came from."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
