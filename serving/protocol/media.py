"""What kind of document a request carries, by its headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from werkzeug.http import parse_options_header

from serving.problems import UNSUPPORTED_MEDIA_TYPE, RequestError

Media = Literal["json", "csv"]
MEDIA: Mapping[str, Media] = {"application/json": "json", "text/csv": "csv", "application/csv": "csv"}
UTF_8 = {"utf-8", "utf8"}


def media_of(environ: Mapping[str, Any]) -> Media:
    """Say how the body of a request is to be read.

    Args:
        environ: The WSGI environment of the request.

    Raises:
        RequestError: It is neither JSON nor CSV, not UTF-8, or compressed.
    """
    encoding = environ.get("HTTP_CONTENT_ENCODING")
    if encoding and encoding.lower() != "identity":
        raise _refused("the body is compressed; send it as it is")
    content_type = environ.get("CONTENT_TYPE", "")
    # As nearly every client writes it.
    if content_type == "application/json":
        return "json"
    kind, parameters = parse_options_header(content_type)
    # Media types are told in any case (RFC 9110, 8.3.1).
    media = MEDIA.get(kind.lower())
    if media is None:
        raise _refused(f"the content type is {kind[:60] or 'missing'}; send {', '.join(MEDIA)}")
    others = sorted(parameters.keys() - {"charset"})
    if others:
        raise _refused(f"the content type has a parameter {others[0][:60]!r}; send {kind} alone")
    if parameters.get("charset", "utf-8").lower() not in UTF_8:
        raise _refused("the charset is not UTF-8; send UTF-8")
    return media


def _refused(detail: str) -> RequestError:
    return RequestError(UNSUPPORTED_MEDIA_TYPE, detail)
