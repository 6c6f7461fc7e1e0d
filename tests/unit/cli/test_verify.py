"""``days-to-sell verify``: of a folder, a file, a registered version, and the code it ends with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mlflow import MlflowClient

from days_to_sell.registry.mleap_flavor import MODEL_DATA_SUBPATH
from days_to_sell.scoring.package import MANIFEST, ModelPackage
from days_to_sell.scoring.signature import sign_package
from tests.packages import make_package, rewrite
from tests.registered import register_folder
from tests.unit.cli.conftest import Call
from tests.unit.release.verification.images import Image, write_docker

DATA = "d" * 64


def whole(root: Path, run_id: str = "a1b2c3") -> ModelPackage:
    """A package whose chain has no gap."""
    made = make_package(root, run_id=run_id)
    said = f'"training_data": "{DATA}", "run_id"'
    return rewrite(made.root, MANIFEST, lambda text: text.replace('"run_id"', said))


def test_a_sound_package_and_its_image_end_with_0(call: Call, tmp_path: Path) -> None:
    """With every link of the chain."""
    package = whole(tmp_path / "package")
    ended = call("verify", package.root)
    assert ended.code == 0
    assert f"ok  package digest    {package.digest}\n" in ended.out
    assert f"ok  data digest       {DATA}\n" in ended.out
    assert ended.out.endswith("checks hold\n")
    assert call("verify", write_docker(Image(package.root), tmp_path / "image.tar")).code == 0


def test_a_tampered_package_ends_with_1(call: Call, tmp_path: Path) -> None:
    """And says what is wrong, for people and for programs."""
    package = whole(tmp_path / "package")
    (package.root / "golden.jsonl").write_bytes(b"")
    ended = call("verify", package.root)
    assert ended.code == 1
    assert "WRONG  golden.jsonl" in ended.out
    answer = call("verify", package.root, "--json")
    document = json.loads(answer.out)
    assert (answer.code, document["holds"]) == (1, False)
    assert [check["subject"] for check in document["checks"] if not check["holds"]] == ["golden.jsonl"]


def test_a_signature_is_asked_for_where_keys_are_trusted(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the key to the verdict, with the commands alone."""
    package = whole(tmp_path / "package")
    made = call("signing-key", tmp_path / "release.pem")
    assert made.code == 0
    monkeypatch.setenv("DAYS_TO_SELL_TRUSTED_KEYS", str(tmp_path / "release.pub.pem"))
    assert "WRONG  signature" in call("verify", package.root).out
    sign_package(package, tmp_path / "release.pem")
    assert f"by trusted key {made.out.strip()}" in call("verify", package.root).out


def test_a_registered_version_is_verified_with_its_run(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The registry and the package have to name the same run; a package that is not whole is refused."""
    store = f"sqlite:///{tmp_path}/registry.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    client = MlflowClient(store, store)
    client.create_registered_model("tiny-model")
    run = client.create_run(client.create_experiment("cars")).info.run_id
    for number, run_id in enumerate((run, "another"), start=1):
        home = tmp_path / f"model-{number}"
        whole(home / MODEL_DATA_SUBPATH, run_id)
        register_folder(client, "tiny-model", home, run_id=run)
    assert call("verify", "models:/tiny-model/1").code == 0
    ended = call("verify", "models:/tiny-model/2")
    assert ended.code == 1
    assert f"the registry says {run}, the package another" in ended.out
    (tmp_path / "model-1" / MODEL_DATA_SUBPATH / "bundle.zip").write_bytes(b"")
    refused = call("verify", "models:/tiny-model/1")
    assert refused.code == 1
    assert "bundle.zip has SHA-256" in refused.err
    assert call("verify", "models:/tiny-model").code == 1
