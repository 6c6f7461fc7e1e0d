"""Bodies that no client should send, and many that one might: each is answered, or blamed on its sender."""

from __future__ import annotations

import gzip
import json
import math
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask
from werkzeug.test import Client

from days_to_sell.settings import Settings
from serving.app import create_app
from tests.unit.serving.conftest import CAR, write_cars

MAX_ROWS, MAX_BYTES = 50, 20_000
# What a request may be told; anything else is a fault of the service.
EXPECTED = {200, 400, 413, 415, 422}
SECONDS = 5.0
SHOWN = 20
ENCODINGS = ("utf-16", "utf-32", "utf-16-le", "latin-1", "utf-7", "cp037", "utf-8-sig")
ODD = (
    "\x00",
    "\ud800",
    "\udfff",
    "\ufeff",
    "\u2028",
    "'",
    '"',
    "\\",
    "é",
    "𝟗",
    "٣",
    "NaN",
    "1e999",
    "-0",
    "null",
    "",
)
CONTENT_TYPES = ("application/json", "text/csv", "application/csv; charset=utf-8")


@dataclass(frozen=True)
class Case:
    """A request.

    Args:
        kind: What was done.
        body: What is sent.
        content_type: What it says it is.
        headers: Further headers.
        length: What it says of its length, if not the truth.
    """

    kind: str
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    length: str | None = None


@dataclass
class Campaign:
    """What came of many requests.

    Args:
        replies: How many there were, by kind and status.
        failures: What must not be, with the number of its case.
    """

    replies: Counter[tuple[str, int]] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def sound(chance: random.Random) -> bytes:
    """A request that would be answered, in any of the forms."""
    rows = [dict(CAR) for _ in range(chance.randint(1, 3))]
    columns = {name: [row[name] for row in rows] for name in CAR}
    document = chance.choice(
        [
            {"dataframe_records": rows},
            {"instances": rows},
            {"inputs": columns},
            {"dataframe_split": {"columns": list(CAR), "data": [list(row.values()) for row in rows]}},
        ]
    )
    return json.dumps(document).encode()


def bitten(chance: random.Random) -> bytes:
    """A sound request of which bytes are changed, taken out, doubled or moved."""
    body = bytearray(sound(chance))
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(body))
        end = min(place + chance.randint(1, 12), len(body))
        match chance.randrange(4):
            case 0:
                body[place] = chance.randrange(256)
            case 1:
                del body[place:end]
            case 2:
                body[place:place] = body[place:end]
            case _:
                body[place:place] = chance.choice(ODD).encode("utf-8", "surrogatepass")
        if not body:
            break
    return bytes(body)


def value_text(chance: random.Random) -> str:
    """A value as JSON text, of any type and size, or nearly one."""
    made: list[Callable[[], str]] = [
        lambda: chance.choice(["NaN", "Infinity", "-Infinity", "-NaN", "nan", "1e400", "-1e400", "5e-324"]),
        lambda: chance.choice(["", "-"]) + "9" * chance.choice([17, 19, 20, 38, 309, 4_300, 5_000]),
        lambda: repr(chance.uniform(-1, 1) * 10 ** chance.randint(-320, 308)),
        lambda: chance.choice(
            ["true", "null", "[]", "{}", '""', "01", "+1", ".5", "1.", "0x10", "1_000", "--1"]
        ),
        lambda: json.dumps("".join(chance.choices(ODD, k=3)), ensure_ascii=chance.random() < 0.5),
        lambda: json.dumps("x" * chance.choice([1, 100, 10_000])),
        lambda: nested(chance.choice([2, 50, 900, 5_000]), chance.choice(["[]", '{"a":'])),
        lambda: chance.choice(
            ['"2026-02-30"', '"0000-00-00"', '"9999-12-31"', '"2026-03-01T00:00:00Z"', '"-1-1-1"']
        ),
    ]
    return chance.choice(made)()


def nested(depth: int, what: str) -> str:
    """A value inside values."""
    return "[" * depth + "]" * depth if what == "[]" else what * depth + "1" + "}" * depth


def strange_values(chance: random.Random) -> bytes:
    """A record with values that no column takes, and perhaps a name twice or a strange one."""
    members = {json.dumps(name): json.dumps(value) for name, value in CAR.items()}
    for name in chance.sample(list(members), chance.randint(1, 3)):
        members[name] = value_text(chance)
    pairs = [f"{name}: {text}" for name, text in members.items()]
    if chance.random() < 0.3:
        pairs.append(chance.choice(pairs))
    if chance.random() < 0.2:
        pairs.append(f"{json.dumps(chance.choice(ODD))}: {value_text(chance)}")
    row = "{" + ", ".join(pairs) + "}"
    form = chance.choice(["dataframe_records", "instances"])
    return f'{{"{form}": [{row}]}}'.encode("utf-8", "surrogatepass")


def tokens(chance: random.Random) -> bytes:
    """What JSON is made of, in no order."""
    words = [
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        '"',
        '"instances"',
        '"inputs"',
        "1",
        "-",
        "e",
        ".",
        "null",
        "\\u",
        "\\ud800",
    ]
    return "".join(chance.choices(words, k=chance.randint(0, 40))).encode()


def table(chance: random.Random) -> bytes:
    """CSV, sound or not."""
    header = chance.choice([list(CAR), list(CAR)[::-1], [*CAR, "make"], ["", *CAR], [chance.choice(ODD)]])
    values = [str(value) for value in CAR.values()]
    lines = [",".join(header)]
    for _ in range(chance.choice([0, 1, 3, MAX_ROWS + 1])):
        row = [
            chance.choice([*ODD, value_text(chance)]) if chance.random() < 0.2 else each for each in values
        ]
        lines.append(",".join(row[: chance.randint(1, 7)] if chance.random() < 0.1 else row))
    return chance.choice(["\n", "\r\n", "\r", "\n\n"]).join(lines).encode("utf-8", "surrogatepass")


def make(number: int) -> Case:
    """Make a case, of which the number decides everything."""
    chance = random.Random(number)  # noqa: S311 - cases, not secrets
    csv_type = chance.choice(CONTENT_TYPES[1:])
    made: list[Callable[[], Case]] = [
        lambda: Case("bitten", bitten(chance)),
        lambda: Case("strange values", strange_values(chance)),
        lambda: Case("tokens", tokens(chance)),
        lambda: Case("bytes", chance.randbytes(chance.randint(0, 60)), chance.choice(CONTENT_TYPES)),
        lambda: Case("table", table(chance), csv_type),
        lambda: Case("bitten table", bytes(chance.choices(table(chance) or b",", k=30)), csv_type),
        lambda: Case("encoding", sound(chance).decode().encode(chance.choice(ENCODINGS))),
        lambda: Case(
            "deep", nested(chance.choice([10, 990, 9_000]), chance.choice(["[]", '{"a":'])).encode()
        ),
        lambda: Case("cut short", sound(chance)[: chance.randint(0, 80)]),
        lambda: Case("too long", b" " * (MAX_BYTES + chance.randint(1, 5_000))),
        lambda: Case(
            "gzip", gzip.compress(b" " * 1_000_000, 1, mtime=0), headers=(("Content-Encoding", "gzip"),)
        ),
        lambda: Case(
            "gzip unsaid", gzip.compress(b" " * 1_000_000, 1, mtime=0), chance.choice(CONTENT_TYPES)
        ),
        lambda: Case("length", sound(chance), length=chance.choice(LENGTHS)),
        lambda: Case("sound", sound(chance)),
    ]
    return chance.choice(made)()


LENGTHS = ("0", "1", "-1", "+5", "0x5", "1e3", "", " 5", "5,5", "²", "99999", "9" * 30, "9" * 5_000)


def check(app: Flask, case: Case) -> tuple[int, str]:
    """Send a case; give the status, and what must not be, if it was."""
    headers = [*case.headers, ("Content-Type", case.content_type)]
    began = time.monotonic()
    said = {} if case.length is None else {"CONTENT_LENGTH": case.length}
    reply = Client(app).post("/invocations", data=case.body, headers=headers, environ_overrides=said)
    seconds = time.monotonic() - began
    status, content = reply.status_code, reply.get_data()
    if status not in EXPECTED:
        return status, f"answered {status}"
    if seconds > SECONDS:
        return status, f"took {seconds:.1f} s"
    try:
        document = json.loads(content, parse_constant=_refuse)
    except ValueError as error:
        return status, f"the reply is not JSON: {error}"
    if status == 200:
        sound_reply = all(isinstance(each, float) and math.isfinite(each) for each in document["predictions"])
        return status, "" if sound_reply else "predictions are not all finite numbers"
    if document["status"] != status or ("errors" in document) != (status == 422):
        return status, "the problem does not fit its status"
    return status, ""


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def campaign(app: Flask, cases: range) -> Iterator[Campaign]:
    """Send cases; give what is known so far after each."""
    found = Campaign()
    for number in cases:
        case = make(number)
        status, wrong = check(app, case)
        found.replies[case.kind, status] += 1
        if wrong:
            start = case.body[:200]
            found.failures.append(f"case {number}, {case.kind}: {wrong}\n    {case.content_type} {start!r}")
        yield found


def service(folder: Path) -> Flask:
    """A service with small limits."""
    limits = Settings(access_log=False, max_rows=MAX_ROWS, max_body_bytes=MAX_BYTES)
    return create_app(write_cars(folder), limits)


def run(cases: int, first: int, report: Callable[[str], None] = print) -> int:
    """``make fuzz PART=bodies``: the exit code is 1 if a reply was not as it must be."""
    began, found = time.monotonic(), Campaign()
    with tempfile.TemporaryDirectory(prefix="days-to-sell-fuzz-") as folder:
        for done, found in enumerate(campaign(service(Path(folder)), range(first, first + cases)), 1):
            if done % 10_000 == 0:
                report(f"{done} of {cases} requests, {len(found.failures)} failed")
    statuses = sorted({status for _, status in found.replies})
    report(f"{'body':<16}" + "".join(f"{status:>9}" for status in statuses))
    for kind in sorted({kind for kind, _ in found.replies}):
        report(f"{kind:<16}" + "".join(f"{found.replies[kind, status]:>9}" for status in statuses))
    for failure in found.failures[:SHOWN]:
        report(failure)
    seconds = time.monotonic() - began
    report(f"{found.replies.total()} requests, {len(found.failures)} failures, {seconds:.0f} s")
    return 1 if found.failures else 0
