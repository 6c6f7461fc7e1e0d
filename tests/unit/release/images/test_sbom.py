"""The bill of materials of an image, written from its build context."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from days_to_sell.errors import TargetError
from days_to_sell.release.images.sbom import SBOM, Contents, write_sbom
from days_to_sell.scoring.package import ModelPackage
from tests.packages import make_package
from tests.unit.release.images.wheelhouse import lock_of, make_wheel

CONTENTS = Contents("tiny-model:7-aabbcc", "7", "python", "base:1", ("sha256:aa", "base@sha256:bb"))


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    """The model in the image."""
    return make_package(tmp_path / "package")


@pytest.fixture
def make_context(tmp_path: Path) -> Callable[[str], Path]:
    """Make build contexts that hold the same in different folders."""

    def make(name: str) -> Path:
        context = tmp_path / name
        wheels = [
            make_wheel(context / "wheelhouse", "numpy", "1.26.4", said="License: BSD-3-Clause"),
            make_wheel(context / "wheelhouse", "flask", "3.1.3", said="License-Expression: MIT AND PSF-2.0"),
        ]
        make_wheel(context / "toolkit", "days_to_sell", "0.1.0", said="License-Expression: Apache-2.0")
        for folder in ("requirements", "serving", "jars"):
            (context / folder).mkdir()
        (context / "requirements/serving.txt").write_text(lock_of(*wheels), encoding="utf-8")
        (context / "serving/app.py").write_text("app = None\n", encoding="utf-8")
        return context

    return make


def read(context: Path) -> dict[str, Any]:
    """Read what was written into a context."""
    content: dict[str, Any] = json.loads((context / SBOM).read_bytes())
    return content


def test_it_names_all_that_an_image_is_made_of(
    make_context: Callable[[str], Path], package: ModelPackage
) -> None:
    """Wheels, toolkit, service, model and base; it is valid CycloneDX 1.6, and its hash is told."""
    context = make_context("context")

    digest = write_sbom(context, package, CONTENTS)
    raw = (context / SBOM).read_bytes()
    assert digest == hashlib.sha256(raw).hexdigest()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(raw.decode()) is None
    found = {each["bom-ref"]: each for each in read(context)["components"]}
    assert set(found) == {
        "pkg:pypi/numpy@1.26.4",
        "pkg:pypi/flask@3.1.3",
        "pkg:generic/days-to-sell@0.1.0",
        "serving",
        "model:tiny-model@7",
        "base:base:1",
    }
    wheel = next((context / "wheelhouse").glob("numpy-*"))
    assert found["pkg:pypi/numpy@1.26.4"]["hashes"] == [
        {"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}
    ]
    assert found["pkg:pypi/numpy@1.26.4"]["licenses"] == [{"license": {"id": "BSD-3-Clause"}}]
    assert found["pkg:pypi/flask@3.1.3"]["licenses"][0]["expression"] == "MIT AND PSF-2.0"


def test_the_model_is_a_machine_learning_model_with_its_files(
    make_context: Callable[[str], Path], package: ModelPackage
) -> None:
    """Digest, version and run lead from the image to the registry."""
    context = make_context("context")
    write_sbom(context, package, CONTENTS)

    (model,) = (each for each in read(context)["components"] if each["type"] == "machine-learning-model")
    assert (model["name"], model["version"]) == ("tiny-model", "7")
    assert model["hashes"][0]["content"] == package.digest.removeprefix("sha256:")
    properties = {each["name"]: each["value"] for each in model["properties"]}
    assert properties["days-to-sell:run-id"] == "a1b2c3"
    assert {each["name"] for each in model["components"]} == set(package.files)


def test_equal_contexts_give_equal_bytes_and_another_gives_another_serial_number(
    make_context: Callable[[str], Path], package: ModelPackage
) -> None:
    """No time, no random number, no name of a folder is in it."""
    one, two, other = map(make_context, ("one", "two", "other"))
    (other / "serving/app.py").write_text("app = 1\n", encoding="utf-8")

    assert write_sbom(one, package, CONTENTS) == write_sbom(two, package, CONTENTS)
    assert write_sbom(other, package, CONTENTS) != write_sbom(one, package, CONTENTS)
    assert read(other)["serialNumber"] != read(one)["serialNumber"] == read(two)["serialNumber"]


def test_what_was_smuggled_in_is_refused(make_context: Callable[[str], Path], package: ModelPackage) -> None:
    """A wheel or a jar that no lock names stops the release before anything is built."""
    context = make_context("context")
    smuggled = make_wheel(context / "wheelhouse", "miner", "1.0")
    with pytest.raises(TargetError, match=r"miner-1\.0-py3-none-any\.whl .* is not one of serving\.txt"):
        write_sbom(context, package, CONTENTS)
    smuggled.unlink()
    (context / "jars/miner-1.0.jar").write_bytes(b"a jar")
    with pytest.raises(TargetError, match=r"miner-1\.0\.jar.*not what the list of MLeap's jars names"):
        write_sbom(context, package, CONTENTS)
    assert not (context / SBOM).exists()
