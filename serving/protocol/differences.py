"""Where the service answers otherwise than MLflow's own scoring server does, and why.

``tests/integration/test_mlflow_protocol.py`` sends the same requests to both: what differs there has to stand
here, and what stands here has to differ there. ``make docs`` writes the page from it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """One kind of request that the two answer differently.

    Args:
        name: What the requests that show it call it.
        sent: What is sent.
        mlflow: Status code of MLflow's server.
        here: Status code of the service; the same one means that bodies differ.
        reason: Why it stays.
    """

    name: str
    sent: str
    mlflow: int
    here: int
    reason: str


DIFFERENCES = (
    # Refused here, answered by MLflow.
    Difference(
        "unknown field",
        "a field or column that the contract does not name",
        200,
        422,
        "It is a misspelt field or a caller's wrong idea of the model, and either gives a wrong number. "
        "`DAYS_TO_SELL_ALLOW_UNKNOWN_FIELDS=true` passes over it as MLflow does.",
    ),
    Difference(
        "text for a number",
        'a number as JSON text, such as `"9500"`',
        200,
        422,
        "MLflow turns whatever reads as a number into one; a consumer's types should not be guessed.",
    ),
    Difference(
        "truth for a number",
        "`true` for a number",
        200,
        422,
        "MLflow scores it as 1.",
    ),
    Difference(
        "fraction for a whole number",
        "`4.5` for a whole number, in JSON",
        200,
        422,
        "MLflow cuts it to 4 without a word. (In CSV it refuses it.)",
    ),
    Difference(
        "anything for text",
        "null, a number or a truth value for a text, in `instances` or `inputs`",
        200,
        422,
        "MLflow makes the texts `None`, `5` and `True` of them, and scores those. (In frames it refuses "
        "them.)",
    ),
    Difference(
        "word for a missing date",
        "`NA`, `null` and the like for a date that may be missing, in CSV",
        200,
        422,
        "Only an empty value is a missing text or date; for a number those words are missing values.",
    ),
    Difference(
        "member beside the form",
        "a member beside the form, such as `signature_name`",
        200,
        400,
        "Whoever sent it meant something by it.",
    ),
    Difference(
        "params",
        "`params` with anything in it",
        200,
        400,
        "The model takes none, so none of them can do what its sender means. Null and `{}` are taken.",
    ),
    Difference(
        "named twice",
        "a member, field or column twice",
        200,
        400,
        "MLflow takes the last member of an object, and the first column of a table.",
    ),
    Difference(
        "NaN",
        "`NaN` or `Infinity` in JSON",
        200,
        400,
        "They are not JSON; null is a missing value.",
    ),
    Difference(
        "UTF-16",
        "JSON in UTF-16 or UTF-32",
        200,
        400,
        "JSON between systems is UTF-8 (RFC 8259), and so says the content type.",
    ),
    Difference(
        "split of records",
        "`data` of `dataframe_split` as records or as columns",
        200,
        400,
        "pandas takes them and drops what `columns` does not name; `dataframe_records` and `inputs` are the "
        "forms.",
    ),
    Difference(
        "short row",
        "a row with fewer values than there are columns, in `dataframe_split`",
        200,
        400,
        "pandas fills it up with missing values; which value is missing, nobody said.",
    ),
    Difference(
        "value beside lists",
        "in columns, lists for some fields and one value for others",
        200,
        400,
        "pandas repeats the value for every row, which lets a short request become a long one.",
    ),
    Difference(
        "ragged line",
        "a line of CSV with fewer or more values than the first",
        200,
        400,
        "pandas fills up short lines, and takes the first values of long ones for an index.",
    ),
    Difference(
        "text behind a quote",
        "text behind a closing quote in CSV",
        200,
        400,
        "Not RFC 4180: a quote was forgotten.",
    ),
    Difference(
        "option",
        "an option in the address that the service does not know",
        200,
        400,
        "MLflow has no options and looks at none.",
    ),
    Difference(
        "limit",
        "more rows or bytes than one request may have",
        200,
        413,
        "Limits keep one caller from holding up the others; MLflow has none.",
    ),
    Difference(
        "Parquet",
        "a Parquet file",
        200,
        415,
        "Reading it takes a library of 150 MB and more trust than a request from outside earns.",
    ),
    # Answered here, refused by MLflow.
    Difference(
        "no rows",
        "an empty list of records or instances",
        400,
        200,
        "No rows are answered with no numbers, as MLflow too answers an empty frame that names its columns.",
    ),
    Difference(
        "lists of values",
        "`instances` as lists of values",
        400,
        200,
        "They are read in the contract's order. MLflow makes texts of all of them and then finds no columns.",
    ),
    Difference(
        "optional field missing in some rows",
        "`instances` of which only some have an optional field",
        400,
        200,
        "A missing field is a missing value, in any form.",
    ),
    Difference(
        "null date",
        "null for a date that may be missing, in `instances` or `inputs`",
        400,
        200,
        "MLflow makes the text `None` of it. (In frames it takes it.)",
    ),
    Difference(
        "text called NA",
        "a text such as `NA`, `None` or `null` in CSV",
        400,
        200,
        "pandas takes it for a missing value; here only an empty text is missing.",
    ),
    Difference(
        "other spelling of a type",
        "`application/csv`, a type in capitals, a charset in quotes, left empty or as `utf8`, a last "
        "semicolon",
        415,
        200,
        "All of them mean what is read (RFC 9110), and clients in use send them.",
    ),
    Difference(
        "method",
        "`OPTIONS` anywhere, `HEAD` where there is `GET`",
        405,
        200,
        "HTTP has them.",
    ),
    Difference(
        "own address",
        "`GET` of `/`, `/livez`, `/readyz` and `/metrics`",
        404,
        200,
        "MLflow has no such addresses.",
    ),
    # Refused by both, with another status.
    Difference(
        "row refused",
        "a row that breaks the contract, or has no finite answer",
        400,
        422,
        "So that callers can tell wrong data from a wrong request; `errors` names row, field and what is "
        "allowed.",
    ),
    Difference(
        "compressed",
        "a compressed body",
        400,
        415,
        "MLflow reads the compressed bytes as text; here the header `Content-Encoding` is looked at.",
    ),
    Difference(
        "beyond the parser",
        "JSON nested too deeply, or a number of thousands of digits",
        500,
        400,
        "It is the caller's fault.",
    ),
    Difference(
        "no content type",
        "no header `Content-Type`",
        500,
        415,
        "It is the caller's fault.",
    ),
    Difference(
        "slash",
        "`/invocations/`",
        307,
        404,
        "There is one address; a redirected `POST` would go out twice.",
    ),
    # Answered by both, with another body.
    Difference(
        "longer index",
        "`index` of `dataframe_split` that is longer than its single row",
        200,
        200,
        "pandas repeats the row; here the index is passed over, since answers come in the order of the rows.",
    ),
    Difference(
        "version",
        "`GET /version`",
        200,
        200,
        "MLflow names its own version; here it is the model version, package digest and run that answer.",
    ),
    Difference(
        "contract",
        "`GET /openapi.json`",
        200,
        200,
        "MLflow describes any model; here it is this model's contract.",
    ),
)
