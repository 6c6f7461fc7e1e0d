"""The record: written stably, read strictly."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from days_to_sell.errors import DeploymentError
from days_to_sell.release.gitops.apply import require_places
from days_to_sell.release.gitops.record import Package, Promotion, Record, path_of, read_record

HEX = "ab" * 32
DIGEST = f"sha256:{HEX}"
PATH = "models/days-to-sell.json"
RECORD = Record(
    "days-to-sell",
    "8",
    Package(DIGEST, f"s3://models/released/{HEX}"),
    "python",
    f"127.0.0.1:5001/days-to-sell/days-to-sell@{DIGEST}",
    golden_rows=200,
    run="a1b2",
    code="0123",
    data="sha256:cd",
    estimator="GBTRegressor",
    figures={"mae_days": 31.2},
    promoted=Promotion("ann", "2026-11-23T10:00:00+00:00", "cheaper vans"),
)


def changed(change: Callable[[dict[str, Any]], object]) -> str:
    """Write the record with something changed."""
    raw = json.loads(RECORD.to_text())
    change(raw)
    return json.dumps(raw)


def test_a_record_is_read_as_it_was_written() -> None:
    """What is written is the same text each time, and reads as the same record."""
    assert read_record(RECORD.to_text(), PATH) == RECORD
    assert read_record(RECORD.to_text(), PATH).to_text() == RECORD.to_text()


def test_who_promoted_it_when_does_not_make_another_deployment() -> None:
    """Served is version, bytes, engine and image; all else is told to people."""
    again = read_record(changed(lambda raw: raw.update(promoted=None, figures={})), PATH)
    assert again != RECORD
    assert again.deploys_as(RECORD)
    assert not read_record(changed(lambda raw: raw.update(image="")), PATH).deploys_as(RECORD)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda raw: raw.update(schema=2), "schema"),
        (lambda raw: raw.update(schema=True), "schema"),
        (lambda raw: raw.pop("engine"), "lacks engine"),
        (lambda raw: raw.update(command="rm"), "holds 'command'"),
        (lambda raw: raw.update(model="../days-to-sell"), "model"),
        (lambda raw: raw.update(model="other"), "whose file is models/other.json"),
        (lambda raw: raw.update(model="sell"), "whose file is models/sell.json"),
        (lambda raw: raw.update(model="-rf"), "model"),
        (lambda raw: raw.update(version="0"), "version"),
        (lambda raw: raw.update(version=8), "version"),
        (lambda raw: raw.update(version="8\n"), "version"),
        (lambda raw: raw.update(engine="bash"), "engine"),
        (lambda raw: raw.update(run="a\nb"), "run"),
        (lambda raw: raw.update(golden_rows=-1), "golden_rows"),
        (lambda raw: raw.update(golden_rows=True), "golden_rows"),
        (lambda raw: raw.update(figures={"mae": "1"}), "figures.mae"),
        (lambda raw: raw.update(figures=[]), "figures"),
        (lambda raw: raw.update(promoted={"by": "x"}), "promoted lacks at, lacks reason"),
        (lambda raw: raw.update(image="image:latest"), "image"),
        (lambda raw: raw.update(image=f"--host@{DIGEST}"), "image"),
        (lambda raw: raw["package"].update(digest="sha256:ab"), "package.digest"),
        (lambda raw: raw["package"].update(address=f"file:///etc/{HEX}"), "package.address"),
        (lambda raw: raw["package"].update(address=f"https://evil.example/{HEX}"), "package.address"),
        (lambda raw: raw["package"].update(address=f"s3://models/../{HEX}"), "package.address"),
        (lambda raw: raw["package"].update(address=f"s3://models/{'cd' * 32}"), "not that of package.digest"),
        (lambda raw: raw["package"].update(address="models:/days-to-sell/9"), "package.address"),
        (lambda raw: raw["package"].update(address="models:/other/8"), "package.address"),
    ],
)
def test_what_is_no_record_is_refused_by_its_field(
    change: Callable[[dict[str, Any]], object], named: str
) -> None:
    """The message names the file and the field, and nothing is deployed from it."""
    with pytest.raises(DeploymentError) as caught:
        read_record(changed(change), PATH)
    assert str(caught.value).startswith(PATH)
    assert named in str(caught.value)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "no JSON"),
        ("[]", "holds no object"),
        ("[" * 50_000, "no JSON"),
        (" " * 70_000, "more than"),
        (RECORD.to_text().replace('"version"', '"version": "7", "version"'), "version twice"),
        (RECORD.to_text().replace("31.2", "NaN"), "figures.mae_days"),
    ],
)
def test_damaged_text_is_refused(text: str, named: str) -> None:
    """No text at all ends in anything but a refusal."""
    with pytest.raises(DeploymentError, match=named):
        read_record(text, PATH)


@pytest.mark.parametrize("model", ["", "a/b", "..", ".hidden", "a b", "-a", "a\n", "a" * 200])
def test_a_model_that_no_file_could_be_named_after_is_refused(model: str) -> None:
    """No name leads out of the folder."""
    with pytest.raises(DeploymentError, match="model is"):
        path_of(model)


def test_only_named_places_are_taken_from() -> None:
    """A prefix counts as a whole path, not as the beginning of another's name."""
    require_places(RECORD, "s3://models/released", "127.0.0.1:5001/days-to-sell")
    require_places(RECORD, "", "")
    with pytest.raises(DeploymentError, match="DAYS_TO_SELL_PACKAGES"):
        require_places(RECORD, "s3://models/rel", "")
    with pytest.raises(DeploymentError, match="DAYS_TO_SELL_IMAGE_REGISTRY"):
        require_places(RECORD, "", "127.0.0.1:5001/days")
