"""What two versions were made of, as rows that a person reads side by side."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from days_to_sell.errors import PackageError
from days_to_sell.registry.differences.sides import Side
from days_to_sell.registry.provenance import SOURCE, SOURCE_ROWS

DATA = {"snapshot": "snapshot", "lake": "lake", "training_data": "training rows"}
CODE = {
    "code_commit": "commit",
    "toolkit": "toolkit",
    "pyspark": "pyspark",
    "mleap_exporter": "MLeap exporter",
}
NONE = "none"


@dataclass(frozen=True)
class Fact:
    """One thing that both versions say.

    Args:
        subject: What it is.
        before: What the first says; ``none`` where nothing.
        after: What the second says.
    """

    subject: str
    before: str
    after: str

    @property
    def same(self) -> bool:
        """Whether the two say the same."""
        return self.before == self.after


def data_facts(before: Side, after: Side) -> tuple[Fact, ...]:
    """Compare sources one by one, the snapshot, and the rows trained on."""
    old, new = before.package.provenance, after.package.provenance
    sources = sorted({key.removeprefix(SOURCE) for key in (*old, *new) if key.startswith(SOURCE)})
    each = (
        _said(f"{name} {what}", old.get(f"{prefix}{name}"), new.get(f"{prefix}{name}"))
        for name in sources
        for prefix, what in ((SOURCE, "digest"), (SOURCE_ROWS, "rows"))
    )
    return (*_named(DATA, old, new), *each)


def code_facts(before: Side, after: Side) -> tuple[Fact, ...]:
    """Compare the commit, and the versions of what trained and exported."""
    return tuple(_named(CODE, before.package.provenance, after.package.provenance))


def parameter_facts(before: Side, after: Side) -> tuple[Fact, ...]:
    """Compare the chosen estimator and what it was fitted with.

    Raises:
        PackageError: A package has parameters that are no JSON object.
    """
    old, new = before.package.provenance, after.package.provenance
    fitted = _parameters(before), _parameters(after)
    names = sorted({*fitted[0], *fitted[1]})
    return (
        _said("estimator", old.get("estimator"), new.get("estimator")),
        _said("searched", old.get("searched"), new.get("searched")),
        *(_said(name, fitted[0].get(name), fitted[1].get(name)) for name in names),
    )


def metric_facts(before: Side, after: Side) -> tuple[Fact, ...]:
    """Compare what the runs measured."""
    names = sorted({*before.metrics, *after.metrics})
    return tuple(
        _said(name, *(_number(side.metrics.get(name)) for side in (before, after))) for name in names
    )


def size_facts(before: Side, after: Side) -> tuple[Fact, ...]:
    """Compare what bundle and package weigh, in bytes."""
    return (
        Fact("bundle bytes", f"{before.bundle_bytes:,}", f"{after.bundle_bytes:,}"),
        Fact("package bytes", f"{before.package_bytes:,}", f"{after.package_bytes:,}"),
        Fact("package digest", before.package.digest, after.package.digest),
    )


def _named(names: Mapping[str, str], old: Mapping[str, str], new: Mapping[str, str]) -> Iterable[Fact]:
    return [_said(subject, old.get(key), new.get(key)) for key, subject in names.items()]


def _parameters(side: Side) -> dict[str, str]:
    written = side.package.provenance.get("parameters", "{}")
    try:
        return dict(_flat("", json.loads(written)))
    except (ValueError, AttributeError, RecursionError) as error:
        raise PackageError(f"{side.name} has parameters that cannot be read: {error}") from error


def _flat(prefix: str, values: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(f"{prefix}{name}.", value)
        else:
            yield f"{prefix}{name}", value if isinstance(value, str) else json.dumps(value)


def _said(subject: str, before: str | None, after: str | None) -> Fact:
    return Fact(subject, before or NONE, after or NONE)


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.6g}"
