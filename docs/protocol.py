"""Write docs/protocol.md from what the service knows of MLflow's protocol: ``make docs``.

The table is the one that the tests hold against MLflow's own scoring server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from mlflow.version import VERSION

from serving.protocol.differences import DIFFERENCES, Difference

TARGET = Path(__file__).with_name("protocol.md")
Chosen = Callable[[Difference], bool]
GROUPS: tuple[tuple[str, Chosen], ...] = (
    ("Answered by MLflow, refused here", lambda each: each.mlflow < 300 <= each.here),
    ("Refused by MLflow, answered here", lambda each: each.here < 300 <= each.mlflow),
    ("Refused by both, with another status", lambda each: min(each.mlflow, each.here) >= 300),
    ("Answered by both, with another body", lambda each: max(each.mlflow, each.here) < 300),
)


def page() -> str:
    """Give the page."""
    return "\n".join((*_head(), *(line for title, chosen in GROUPS for line in _group(title, chosen))))


def _head() -> Iterator[str]:
    yield "# MLflow's scoring protocol, and where the service differs"
    yield ""
    yield "<!-- Written by docs/protocol.py from the code; run `make docs` after a change there. -->"
    yield ""
    yield (
        "A client of MLflow's own scoring server is a client of this service: the forms "
        "`dataframe_records`, `dataframe_split`, `instances` and `inputs`, CSV, `/ping`, `/health` and the "
        "members `error_code` and `message` of an error are MLflow's. A test sends the same requests, good "
        f"and bad, to the service and to MLflow {VERSION}'s server with the `python_function` flavour of the "
        "same model version. Statuses and predictions (within a relative 1e-9) have to agree but for what "
        "is listed here, and what is listed has to differ. How to call the service is told in "
        "[its guide](guides/api.md)."
    )
    yield ""


def _group(title: str, chosen: Chosen) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield from _table([each for each in DIFFERENCES if chosen(each)])
    yield ""


def _table(differences: Sequence[Difference]) -> Iterator[str]:
    yield "| sent | MLflow | here | why |"
    yield "| --- | --- | --- | --- |"
    for each in differences:
        yield f"| {each.sent} | {each.mlflow} | {each.here} | {each.reason} |"


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
    print(f"wrote {TARGET}")
