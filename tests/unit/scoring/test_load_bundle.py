"""Loading a bundle: what is read, and what is refused because the file cannot be trusted."""

from __future__ import annotations

import json
import math
import zipfile
from pathlib import Path

import pytest

from days_to_sell.errors import BundleError
from days_to_sell.scoring import folder as folder_module
from days_to_sell.scoring import load_bundle
from days_to_sell.scoring.kinds import NUMBER, STRING, Kind
from tests.unit.scoring.bundles import (
    assembler,
    bundle,
    doubles,
    files,
    indexer,
    line,
    node,
    refusal,
    strings,
    vector,
    zipped,
)

PIPELINE = (indexer(), assembler(), line())


def test_a_bundle_says_what_goes_in_and_what_comes_out(tmp_path: Path) -> None:
    """Inputs and outputs, and what they hold, are known without scoring a row."""
    loaded = load_bundle(bundle(tmp_path, *PIPELINE))
    assert loaded.name == "by-hand"
    assert list(loaded.inputs.items()) == [("make", STRING), ("age", NUMBER)]
    assert list(loaded.outputs.items()) == [
        ("rank", NUMBER),
        ("features", Kind("vector", 2)),
        ("days", NUMBER),
    ]


def test_a_bundle_adds_no_more_than_it_is_asked_for(tmp_path: Path) -> None:
    """What is selected is answered as before, and a column that is not written is refused by name."""
    loaded = load_bundle(bundle(tmp_path, *PIPELINE))
    assert loaded.select(["days"]).transform([{"make": "b", "age": 10.0}]) == [
        {"make": "b", "age": 10.0, "days": 2.0 * 1 + 3.0 * 10 + 1}
    ]
    with pytest.raises(BundleError, match="writes no weeks; it writes rank, features, days"):
        loaded.select(["weeks"])


def test_a_directory_is_read_like_the_zip(tmp_path: Path) -> None:
    """The same files score the same from a directory."""
    with zipfile.ZipFile(bundle(tmp_path, *PIPELINE)) as archive:
        archive.extractall(tmp_path / "unpacked")
    row = {"make": "b", "age": 10.0}
    assert load_bundle(tmp_path / "unpacked").transform([row])[0]["days"] == 2.0 * 1 + 3.0 * 10 + 1


def test_a_pipeline_in_a_pipeline_is_flattened(tmp_path: Path) -> None:
    """A nested pipeline scores as if its nodes stood in the outer one."""
    flat = files(PIPELINE)
    nested = {"bundle.json": flat["bundle.json"]}
    nested |= {
        name.replace("root/", "root/inner.node/", 1): text for name, text in flat.items() if "/" in name
    }
    outer = node("pipeline", {}, {}, {"nodes": strings("inner")})
    nested |= {f"root/{name}": json.dumps(document) for name, document in outer.items()}
    row = {"make": "a", "age": 1.0}
    assert load_bundle(zipped(tmp_path / "b.zip", nested)).transform([row])[0]["days"] == 4.0


def test_default_values_that_mleap_leaves_out_are_read(tmp_path: Path) -> None:
    """MLeap writes a zero, a false and an empty text as an empty object."""
    zero = line(coefficients=vector(0.0, 1.0), intercept={})
    row = {"make": "", "age": 7.0}
    assert load_bundle(bundle(tmp_path, indexer(), assembler(), zero)).transform([row])[0]["days"] == 7.0


def test_an_unknown_operator_is_named_with_its_node_and_what_is_supported(tmp_path: Path) -> None:
    """The message tells what to take out of the pipeline."""
    message = refusal(bundle(tmp_path, indexer(), node("word_to_vector", {}, {}, {})))
    assert "'n1'" in message
    assert "'word_to_vector'" in message
    assert "gbt_regression" in message
    assert "pipeline" in message


def test_protobuf_format_is_refused_by_name(tmp_path: Path) -> None:
    """A bundle in MLeap's other format says so, and how to get this one."""
    content = files(PIPELINE)
    content["bundle.json"] = json.dumps({"format": "protobuf", "name": "x"})
    message = refusal(zipped(tmp_path / "b.zip", content))
    assert "protobuf" in message
    assert "export it again" in message


@pytest.mark.parametrize(
    "name",
    ["../outside.json", "/etc/outside.json", "root/../../outside.json", "root//x.json", "root\\..\\x.json"],
)
def test_a_zip_entry_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    """No entry may name a place outside the bundle, although nothing is unpacked."""
    message = refusal(zipped(tmp_path / "b.zip", files(PIPELINE) | {name: "{}"}))
    assert "leads out of the bundle" in message or "is not a zip" in message


@pytest.mark.parametrize("name", ["../n0", "/n0", "a/b", "a\\b", "n\x00"])
def test_a_node_name_that_is_a_path_is_refused(tmp_path: Path, name: str) -> None:
    """A pipeline cannot point at files outside its own folder."""
    content = files(PIPELINE)
    content["root/model.json"] = json.dumps({"op": "pipeline", "attributes": {"nodes": strings(name)}})
    assert "is not the name of a folder" in refusal(zipped(tmp_path / "b.zip", content))


def test_a_tree_name_that_is_a_path_is_refused(tmp_path: Path) -> None:
    """An ensemble cannot point at files outside its own folder either."""
    forest = node(
        "random_forest_regression",
        {"features": "features"},
        {"prediction": "days"},
        {"num_features": {"long": 2}, "trees": strings("../n0.node")},
    )
    assert "is not the name of a folder" in refusal(bundle(tmp_path, forest))


def test_a_symbolic_link_in_a_directory_is_refused(tmp_path: Path) -> None:
    """A link could lead anywhere, so none is followed."""
    root = tmp_path / "unpacked"
    for name, text in files(PIPELINE).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (tmp_path / "secret.json").write_text("{}")
    (root / "root" / "link.json").symlink_to(tmp_path / "secret.json")
    assert "symbolic link" in refusal(root)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Declared sizes beyond the bound are refused."""
    monkeypatch.setattr(folder_module, "MAX_BYTES", 1024 * 1024)
    path = bundle(tmp_path, *PIPELINE)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("root/bomb.json", b"0" * (2 * 1024 * 1024))
    assert "it unpacks to 2 MiB" in refusal(path)


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle of more files than any model has is refused."""
    monkeypatch.setattr(folder_module, "MAX_FILES", 8)
    assert "more than 8 files" in refusal(
        zipped(tmp_path / "b.zip", files(PIPELINE) | {"root/x": "", "y": ""})
    )


def test_an_entry_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    """Two readers of one zip could otherwise see two models."""
    path = bundle(tmp_path, *PIPELINE)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("bundle.json", "{}")
    assert "'bundle.json' is there twice" in refusal(path)


def test_what_is_no_bundle_is_refused(tmp_path: Path) -> None:
    """A missing path, another file, an empty directory and a damaged zip each give a reason."""
    assert "no such file" in refusal(tmp_path / "absent.zip")
    (tmp_path / "text.zip").write_text("hello")
    assert "not a zip" in refusal(tmp_path / "text.zip")
    (tmp_path / "empty").mkdir()
    assert "'bundle.json' is missing" in refusal(tmp_path / "empty")
    path = bundle(tmp_path, *PIPELINE)
    content = bytearray(path.read_bytes())
    content[60] ^= 0xFF
    path.write_bytes(content)
    assert "not a zip that can be read" in refusal(path)


@pytest.mark.parametrize("name", sorted(files(PIPELINE)))
def test_every_missing_file_is_named(tmp_path: Path, name: str) -> None:
    """A bundle with any one file missing is refused with the file's name."""
    content = files(PIPELINE)
    del content[name]
    if name == "root/node.json":
        load_bundle(zipped(tmp_path / "b.zip", content))
        return
    assert f"{name!r} is missing" in refusal(zipped(tmp_path / "b.zip", content))


@pytest.mark.parametrize("name", sorted(set(files(PIPELINE)) - {"root/node.json"}))
@pytest.mark.parametrize("text", ["", "[]", "{", '{"op": NaN}', "[" * 100_000, "\ud800"])
def test_every_file_that_is_not_an_object_is_refused(tmp_path: Path, name: str, text: str) -> None:
    """Whatever a file holds instead of a JSON object, the refusal names the file."""
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for each, content in (files(PIPELINE) | {name: text}).items():
            archive.writestr(each, content.encode("utf-8", "surrogatepass"))
    assert name in refusal(path)


def test_pipelines_nested_without_end_are_refused(tmp_path: Path) -> None:
    """Nesting is bounded, so that a bundle cannot exhaust the stack."""
    content = {"bundle.json": json.dumps({"format": "json"})}
    folder = "root"
    for _ in range(60):
        content[f"{folder}/model.json"] = json.dumps(
            {"op": "pipeline", "attributes": {"nodes": strings("n")}}
        )
        folder += "/n.node"
    assert "nest deeper" in refusal(zipped(tmp_path / "b.zip", content))


def test_infinite_ends_stored_as_null_are_read(tmp_path: Path) -> None:
    """The first and the last split may be null, for minus and plus infinity."""
    outer = node("bucketizer", {"input": "x"}, {"output": "y"}, {"splits": doubles(None, 0.5, None)})
    loaded = load_bundle(bundle(tmp_path, outer))
    answers = loaded.transform([{"x": x} for x in (-math.inf, -1e300, 0.5, math.inf)])
    assert [each["y"] for each in answers] == [0.0, 0.0, 1.0, 1.0]
