"""``days-to-sell contract``: contracts of packages, files and the registry, and what they mean."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from days_to_sell.registry.mleap_flavor import MODEL_DATA_SUBPATH
from days_to_sell.registry.versions import Registry
from days_to_sell.scoring.package import CONTRACT, ModelPackage
from tests.packages import make_package
from tests.registered import register_folder
from tests.unit.cli.conftest import Call


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    """A small package."""
    return make_package(tmp_path / "package")


def changed(package: ModelPackage, target: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """Write the contract of a package into a file, changed."""
    raw = json.loads((package.root / CONTRACT).read_text(encoding="utf-8"))
    change(raw)
    target.write_text(json.dumps(raw), encoding="utf-8")
    return target


def test_show_tells_what_each_field_takes(call: Call, package: ModelPackage) -> None:
    """Of a package and of its contract alone, for people and for programs."""
    shown = call("contract", "show", package.root).out
    assert "tiny-model: Tiny model\nDays by a formula that a test can work out; horizon 180 days\n" in shown
    assert "mileage        a whole number of miles, at least 0" in shown
    assert call("contract", "show", package.root / CONTRACT).out == shown
    as_json = json.loads(call("contract", "show", package.root, "--json").out)
    assert as_json == json.loads((package.root / CONTRACT).read_text(encoding="utf-8"))


def test_a_version_that_breaks_nobody_ends_with_0(call: Call, package: ModelPackage, tmp_path: Path) -> None:
    """The same contract, and one that takes more."""
    same = call("contract", "diff", package.root, package.root / CONTRACT)
    assert (same.code, same.out) == (0, "the contracts are the same\n")
    wider = changed(package, tmp_path / "new.json", lambda raw: raw["fields"][0]["column"].update(minimum=0))
    ended = call("contract", "diff", package.root, wider)
    assert ended.code == 0
    assert (
        "compatible (1)\n  price_gbp  minimum  1 -> 0\n      the range is wider\nnobody breaks" in ended.out
    )


def test_a_version_that_breaks_consumers_ends_with_1(
    call: Call, package: ModelPackage, tmp_path: Path
) -> None:
    """What breaks comes first, with what to do about it; the same in JSON, whole."""
    narrower = changed(
        package,
        tmp_path / "new.json",
        lambda raw: (
            raw["fields"][0]["column"].update(minimum=100),
            raw["fields"][1].update(example=1),
            raw.update(title="Another title\nin two lines"),
        ),
    )
    ended = call("contract", "diff", package.root, narrower)
    assert ended.code == 1
    assert ended.out.startswith("breaking (1)\n  price_gbp  minimum  1 -> 100\n")
    assert "send a number of GBP, at least 100" in ended.out
    assert ended.out.index("compatible (2)") < ended.out.index("consumers break")
    as_json = call("contract", "diff", package.root, narrower, "--json")
    assert as_json.code == 1
    document = json.loads(as_json.out)
    assert document["breaking"] is True
    assert {each["what"]: each["effect"] for each in document["changes"]} == {
        "title": "compatible",
        "minimum": "breaking",
        "example": "compatible",
    }


def test_a_field_less_breaks_nobody_where_it_is_passed_over_and_order_means_nothing(
    call: Call, package: ModelPackage, tmp_path: Path
) -> None:
    """Two options say what the service and its consumers do."""
    shorter = changed(package, tmp_path / "new.json", lambda raw: raw["fields"].pop())
    codes = [
        call("contract", "diff", package.root, shorter, *options).code
        for options in ([], ["--records-only"], ["--unknown-fields"], ["--unknown-fields", "--records-only"])
    ]
    assert codes == [1, 1, 1, 0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "is no model package and no contract.json"),
        ("{", "cannot be read"),
        ("[]", "the contract is damaged"),
        ('{"fields": [{"column": {"name": 1, "type": "odd"}}]}', "the contract is damaged"),
    ],
)
def test_what_is_no_contract_is_refused(call: Call, tmp_path: Path, content: str | None, said: str) -> None:
    """In one line that says what to name instead."""
    path = tmp_path / "contract.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    ended = call("contract", "show", path)
    assert ended.code == 1
    assert said in ended.err


def test_versions_of_the_registry_are_named_as_mlflow_names_them(
    call: Call, package: ModelPackage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By number and by stage; a package that is built is compared with what is in Production."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/registry.db")
    client = MlflowClient()
    client.create_registered_model("tiny-model")
    home = tmp_path / "model-1"
    one = make_package(home / MODEL_DATA_SUBPATH)
    register_folder(client, "tiny-model", home)
    assert call("contract", "diff", "models:/tiny-model/1", one.root).code == 0
    assert (
        "no version of tiny-model is in Production"
        in call("contract", "show", "models:/tiny-model/Production").err
    )
    Registry().promote("tiny-model", "1")
    wider = changed(package, tmp_path / "new.json", lambda raw: raw.update(horizon=90))
    ended = call("contract", "diff", "models:/tiny-model/Production", wider)
    assert (ended.code, ended.out.splitlines()[0]) == (1, "breaking (1)")
    assert "names no version" in call("contract", "show", "models:/tiny-model@champion").err
