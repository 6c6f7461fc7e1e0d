"""What was recorded of a version beside what came out when it was made again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from days_to_sell.registry.provenance import Recipe, read_recipe
from days_to_sell.scoring.golden import Proof, compare
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.scoring.predictor import Predictor, Refusal

DIGEST_SHOWN, TEXT_SHOWN = 12, 40
SHOWN = 5


@dataclass(frozen=True)
class Finding:
    """One thing compared.

    Args:
        subject: What it is.
        recorded: What the version says of it.
        rebuilt: What came out now.
        same: Whether the two are equal.
    """

    subject: str
    recorded: str
    rebuilt: str
    same: bool


def compare_data(recipe: Recipe, manifest: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Compare the sources one by one, and the training rows made of them.

    Args:
        recipe: What the version was made of.
        manifest: The manifest of the training data that was built now.
    """
    now: Mapping[str, str] = manifest["inputs"]
    counts: Mapping[str, int] = manifest["input_rows"]
    sources = [
        Finding(
            f"source {name}",
            _content(recipe.sources.get(name), recipe.source_rows.get(name)),
            _content(now.get(name), counts.get(name)),
            recipe.sources.get(name) == now.get(name),
        )
        for name in sorted(recipe.sources.keys() | now.keys())
    ]
    return (*sources, _equal("training rows", recipe.training_data, str(manifest["digest"])))


def compare_models(recorded: ModelPackage, rebuilt: ModelPackage) -> tuple[Finding, ...]:
    """Compare the chosen estimator, the contract, the derivations, and the answers to the golden rows.

    The bundles are not compared byte by byte: Spark gives each fit names of its own.
    """
    before, after = read_recipe(recorded), read_recipe(rebuilt)
    return (
        _equal("code commit", before.code_commit, after.code_commit),
        _equal("chosen estimator", before.estimator, after.estimator),
        _equal("its parameters", before.parameters, after.parameters),
        _alike("contract", recorded.contract, rebuilt.contract),
        _alike("derivations", recorded.derivations.to_dict(), rebuilt.derivations.to_dict()),
        _alike("golden rows", _inputs(recorded), _inputs(rebuilt)),
        _answers(answer_again(recorded, rebuilt)),
    )


def answer_again(recorded: ModelPackage, rebuilt: ModelPackage) -> Proof:
    """Let the rebuilt model answer the golden rows of the version."""
    answers = Predictor(rebuilt).predict([row.input for row in recorded.golden])
    return compare(recorded.golden, [str(a) if isinstance(a, Refusal) else a for a in answers])


def to_table(findings: Sequence[Finding]) -> str:
    """Write findings as a table, one line each."""
    head = Finding("", "recorded", "made again", True)
    widths = [
        max(len(getattr(finding, column)) for finding in (head, *findings))
        for column in ("subject", "recorded", "rebuilt")
    ]
    lines = [_line(head, widths, "")]
    lines += [_line(finding, widths, "same" if finding.same else "DIFFERS") for finding in findings]
    return "\n".join(lines)


def _line(finding: Finding, widths: Sequence[int], verdict: str) -> str:
    cells = zip((finding.subject, finding.recorded, finding.rebuilt), widths, strict=True)
    return "  ".join([*(f"{cell:<{width}}" for cell, width in cells), verdict]).rstrip()


def _answers(proof: Proof) -> Finding:
    worst = "".join(f"; {difference}" for difference in proof.differences[:SHOWN])
    agreed = proof.rows - len(proof.differences)
    return Finding(
        "golden answers",
        f"{proof.rows} rows",
        f"{agreed} equal, largest relative error {proof.max_rel_error:.1e}{worst}",
        proof.passed,
    )


def _inputs(package: ModelPackage) -> list[tuple[str, Mapping[str, Any]]]:
    return [(row.row_id, row.input) for row in package.golden]


def _equal(subject: str, recorded: str, rebuilt: str) -> Finding:
    same = recorded == rebuilt
    before, after = _short(recorded), _short(rebuilt)
    return Finding(subject, before, "equal" if same and len(before) > TEXT_SHOWN else after, same)


def _alike(subject: str, recorded: object, rebuilt: object) -> Finding:
    same = recorded == rebuilt
    return Finding(subject, "as packaged", "equal" if same else "another", same)


def _content(digest: str | None, rows: int | None) -> str:
    if digest is None:
        return "not read"
    return _short(digest) if rows is None else f"{rows:,} rows, {_short(digest)}"


def _short(text: str) -> str:
    """Cut a digest to what a person compares; other text is given whole."""
    is_digest = len(text) >= 40 and set(text) <= set("0123456789abcdef")
    return text[:DIGEST_SHOWN] if is_digest else text
