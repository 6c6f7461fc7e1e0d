"""MLflow's scoring protocol: the headers, query and body of a request become rows and options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from days_to_sell.settings import Settings
from days_to_sell.spec import RequestContract
from serving.protocol.body import read_body
from serving.protocol.csv_rows import read_csv
from serving.protocol.document import parse_document
from serving.protocol.forms import FORMS, Row, read_rows
from serving.protocol.media import MEDIA, media_of
from serving.protocol.options import PLAIN, Options, read_options

__all__ = ["FORMS", "MEDIA", "PLAIN", "Options", "Row", "read_request"]


def read_request(
    environ: Mapping[str, Any], contract: RequestContract, settings: Settings
) -> tuple[list[Row], Options]:
    """Read a scoring request.

    Args:
        environ: Its WSGI environment.
        contract: Names the fields, for rows that are lists of values, and their types, for CSV.
        settings: The limits.

    Raises:
        RequestError: It is not what the protocol asks for; the message says what to send instead.
    """
    media = media_of(environ)
    options = read_options(environ.get("QUERY_STRING", ""), allow_unknown=settings.allow_unknown_fields)
    body = read_body(environ, settings.max_body_bytes)
    if media == "csv":
        return read_csv(body, contract, settings.max_rows), options
    return read_rows(parse_document(body), contract.names, settings.max_rows), options
