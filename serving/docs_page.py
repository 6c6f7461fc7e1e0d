"""The page at ``/docs``: the OpenAPI document for people, shown by Swagger UI from its Python package."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from flask import Blueprint, Response, abort, send_from_directory

from days_to_sell.spec import RequestContract
from serving.page.view import answer, guarded, render

# Of the package's files, those that the page takes.
PARTS = ("swagger-ui-bundle.js", "swagger-ui.css")
# Swagger UI writes styles into its elements, and draws arrows from data addresses.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)


def docs(contract: RequestContract) -> Blueprint:
    """Make the page of the interface: ``/docs``, and Swagger UI's files below it.

    Args:
        contract: Names the model.
    """
    pages = Blueprint("docs", __name__)
    html = render("docs.html", title=contract.title)
    swagger_ui = Path(str(files("flask_swagger_ui"))) / "dist"

    @pages.get("/docs")
    def show() -> Response:
        return answer(html, POLICY)

    @pages.get("/docs/<name>")
    def part(name: str) -> Response:
        if name not in PARTS:
            abort(404)
        return guarded(send_from_directory(swagger_ui, name))

    return pages
