"""Making a version again: what is refused before anything runs, and what a comparison finds."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from days_to_sell.errors import ReproductionError
from days_to_sell.registry.mleap_flavor import MODEL_DATA_SUBPATH
from days_to_sell.registry.provenance import Recipe, read_recipe
from days_to_sell.registry.reproduction.checkout import check_out, require_commit
from days_to_sell.registry.reproduction.findings import Finding, compare_data, compare_models, to_table
from days_to_sell.registry.reproduction.record import record
from days_to_sell.registry.reproduction.reproduce import Reproduction, reproduce
from days_to_sell.registry.reproduction.workshop import Workshop, clean_environment
from days_to_sell.registry.versions import ModelVersion, Registry
from days_to_sell.scoring.package import MANIFEST, ModelPackage
from tests.packages import make_package, rewrite, rewrite_bundle
from tests.registered import register_folder
from tests.repositories import commit_all, git

RECIPE = Recipe(
    folder="tiny",
    code_commit="0123456789abcdef",
    lake="lake",
    snapshot=date(2025, 6, 30),
    sources={"adverts": "a" * 64, "geography": "b" * 64},
    source_rows={"adverts": 4_000, "geography": 12},
    training_data="c" * 64,
    estimator="GBTRegressor",
    parameters='{"maxDepth": 5}',
    searched=True,
)
SAID = {
    "model_folder": RECIPE.folder,
    "code_commit": RECIPE.code_commit,
    "lake": RECIPE.lake,
    "snapshot": RECIPE.snapshot.isoformat(),
    "source.adverts": "a" * 64,
    "source.geography": "b" * 64,
    "source_rows.adverts": "4000",
    "source_rows.geography": "12",
    "training_data": RECIPE.training_data,
    "estimator": RECIPE.estimator,
    "parameters": RECIPE.parameters,
    "searched": "true",
}
BUILT = {
    "inputs": dict(RECIPE.sources),
    "input_rows": dict(RECIPE.source_rows),
    "digest": RECIPE.training_data,
}


def trained(root: Path, *, intercept: float = 12.0, **said: str) -> ModelPackage:
    """A tiny package that says how it was made."""
    package = make_package(root, intercept=intercept)

    def say(manifest: str) -> str:
        content = json.loads(manifest)
        content["provenance"] |= SAID | said
        return json.dumps(content)

    return rewrite(package.root, MANIFEST, say)


@pytest.fixture
def version(tmp_path: Path) -> ModelPackage:
    """The package of a version."""
    return trained(tmp_path / "version")


def differing(findings: tuple[Finding, ...]) -> list[str]:
    """Name what differs."""
    return [finding.subject for finding in findings if not finding.same]


def test_a_package_says_how_it_was_made(version: ModelPackage) -> None:
    """What training wrote into the provenance is read back as a recipe."""
    assert read_recipe(version) == RECIPE


def test_a_package_that_does_not_say_is_refused_by_what_is_missing(tmp_path: Path) -> None:
    """A version of an older toolkit has too little to be made again."""
    with pytest.raises(ReproductionError, match=r"does not say its 'model_folder', .* train it anew"):
        read_recipe(make_package(tmp_path / "old"))


@dataclass(frozen=True)
class Clone:
    """A repository with one commit."""

    root: Path
    commit: str


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """A repository with one file, which has gone on since its commit."""
    root = tmp_path / "clone"
    root.mkdir()
    (root / "model.txt").write_text("first", encoding="utf-8")
    commit = commit_all(root, "First")
    (root / "model.txt").write_text("second", encoding="utf-8")
    commit_all(root, "Second")
    return Clone(root, commit)


@pytest.mark.parametrize(
    ("commit", "told"),
    [
        ("unknown", "code in no repository, .* train it anew from a git clone"),
        (
            "0123456789abcdef0123456789abcdef01234567-dirty",
            "differed from commit 0123.*7, .* commit the change",
        ),
        ("main; rm -rf .", "names 'main; rm -rf .' as its commit, which is none"),
        ("--upload-pack=x", "names '--upload-pack=x' as its commit, which is none"),
        ("0123456789" * 4, "is not in .*clone; fetch it there .* --repository"),
    ],
)
def test_code_that_nobody_can_find_is_refused(clone: Clone, commit: str, told: str) -> None:
    """Unknown, not committed, no commit at all, or one that is elsewhere: each says the way out."""
    with pytest.raises(ReproductionError, match=told):
        require_commit(commit, clone.root)


def test_a_checkout_is_the_project_as_it_was(clone: Clone, tmp_path: Path) -> None:
    """The files are those of the commit, and the repository keeps no trace of it."""
    before = git(clone.root, "worktree", "list"), git(clone.root, "branch", "--all")
    require_commit(clone.commit, clone.root)
    check_out(clone.commit, clone.root, tmp_path / "checkout")
    assert (tmp_path / "checkout" / "model.txt").read_text(encoding="utf-8") == "first"
    assert git(tmp_path / "checkout", "rev-parse", "HEAD") == clone.commit
    assert (git(clone.root, "worktree", "list"), git(clone.root, "branch", "--all")) == before


def test_the_environment_leads_to_the_checkout_alone(tmp_path: Path) -> None:
    """What leads to other code, another Spark or the real tracking server stays behind; S3's do not."""
    found = clean_environment(
        {
            "PATH": "/bin",
            "AWS_REGION": "eu-west-2",
            "DAYS_TO_SELL_S3_ENDPOINT": "http://127.0.0.1:9000",
            "PYTHONPATH": "/elsewhere",
            "MLFLOW_RUN_ID": "1",
            "MLFLOW_TRACKING_URI": "http://127.0.0.1:5000",
            "SPARK_REMOTE": "sc://somewhere",
            "VIRTUAL_ENV": "/elsewhere/.venv",
        },
        tmp_path / "project",
        tmp_path,
    )
    assert {"PATH", "AWS_REGION", "DAYS_TO_SELL_S3_ENDPOINT"} <= found.keys()
    assert not {"MLFLOW_RUN_ID", "SPARK_REMOTE", "VIRTUAL_ENV"} & found.keys()
    assert found["PYTHONPATH"] == str(tmp_path / "project" / "src")
    assert found["MLFLOW_TRACKING_URI"] == f"sqlite:///{tmp_path / 'mlflow.db'}"


def test_the_same_lake_has_no_differences() -> None:
    """Sources and rows with the recorded fingerprints are the same."""
    assert differing(compare_data(RECIPE, BUILT)) == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"inputs": {**RECIPE.sources, "adverts": "d" * 64}}, ["source adverts"]),
        ({"inputs": {"adverts": "a" * 64}}, ["source geography"]),
        ({"inputs": {**RECIPE.sources, "prices": "d" * 64}}, ["source prices"]),
        ({"digest": "d" * 64}, ["training rows"]),
    ],
)
def test_a_lake_that_changed_is_named_by_source(change: dict[str, Any], named: list[str]) -> None:
    """Another content, a source that is gone, one that is new, or other rows made of the same sources."""
    assert differing(compare_data(RECIPE, BUILT | change)) == named


def test_a_model_made_again_has_no_differences(version: ModelPackage, tmp_path: Path) -> None:
    """The same formula trained at another time is the same model, though its package has another digest."""
    again = trained(tmp_path / "again", trained_at="later")
    assert again.digest != version.digest
    findings = compare_models(version, again)
    assert differing(findings) == []
    assert findings[-1].rebuilt.startswith("25 equal, largest relative error ")


def test_another_model_differs_in_its_answers(version: ModelPackage, tmp_path: Path) -> None:
    """The golden rows are answered by the rebuilt bundle, whatever its own golden data says."""
    other = trained(tmp_path / "other", intercept=12.001)
    findings = compare_models(version, other)
    assert differing(findings) == ["golden answers"]
    assert "0 equal, largest relative error " in findings[-1].rebuilt
    kept = trained(tmp_path / "kept")
    edited = rewrite_bundle(kept.root, lambda text: text.replace("12.0", "12.001"))
    assert edited.golden == version.golden
    assert differing(compare_models(version, edited)) == ["golden answers"]


def test_one_golden_answer_that_was_changed_is_found(version: ModelPackage, tmp_path: Path) -> None:
    """A recorded answer that the model never gave is named with its row, what it was, and what came out."""
    again = trained(tmp_path / "again")
    first = version.golden[0].days
    tampered = rewrite(version.root, "golden.jsonl", lambda text: text.replace(f"{first!r}", "99.5", 1))
    finding = compare_models(tampered, again)[-1]
    assert not finding.same
    assert finding.rebuilt.startswith("24 equal, ")
    assert finding.rebuilt.endswith(f"; row row-0 (sample): expected 99.5, got {first!r}")


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"estimator": "GeneralizedLinearRegression"}, "chosen estimator"),
        ({"parameters": '{"maxDepth": 6}'}, "its parameters"),
        ({"code_commit": "fedcba9876543210"}, "code commit"),
    ],
)
def test_another_choice_is_named(
    version: ModelPackage, tmp_path: Path, said: dict[str, str], named: str
) -> None:
    """Equal answers from another estimator, other parameters or other code are no reproduction."""
    assert differing(compare_models(version, trained(tmp_path / "again", **said))) == [named]


def test_another_contract_is_named(version: ModelPackage, tmp_path: Path) -> None:
    """A request that would be read otherwise is another model, whatever it answers."""
    again = trained(tmp_path / "again")
    edited = rewrite(
        again.root, "contract.json", lambda text: text.replace('"horizon": 180', '"horizon": 90')
    )
    assert differing(compare_models(version, edited)) == ["contract"]


def test_a_table_has_a_line_for_each_finding() -> None:
    """Digests are cut to what a person compares, and a difference stands out."""
    lines = to_table(compare_data(RECIPE, BUILT | {"digest": "d" * 64})).splitlines()
    assert lines[0].split() == ["recorded", "made", "again"]
    assert [line.split("  ")[0] for line in lines[1:]] == [
        "source adverts",
        "source geography",
        "training rows",
    ]
    assert "4,000 rows, aaaaaaaaaaaa  4,000 rows, aaaaaaaaaaaa  same" in lines[1]
    assert lines[3].split()[-3:] == ["cccccccccccc", "dddddddddddd", "DIFFERS"]


def test_a_package_that_is_not_the_registered_one_is_refused(
    client: MlflowClient, clone: Clone, tmp_path: Path
) -> None:
    """A whole package at the place of another one is nothing to compare with; nothing is checked out."""
    home = tmp_path / "model"
    held = trained(home / MODEL_DATA_SUBPATH, code_commit=clone.commit)
    client.create_registered_model("tiny")
    register_folder(client, "tiny", home, tags={"package.digest": "sha256:another"})
    registry = Registry(client)
    workshop = Workshop(tmp_path / "scratch", "current", 60.0, lambda line: None)
    with pytest.raises(ReproductionError, match=f"package sha256:another, but holds {held.digest}"):
        reproduce(registry, registry.version("tiny", "1"), workshop, repository=clone.root)
    assert not workshop.checkout.exists()


@pytest.mark.parametrize("same", [True, False])
def test_a_reproduction_is_a_run_beside_the_training_that_the_version_names(
    client: MlflowClient, tmp_path: Path, same: bool
) -> None:
    """The run has the verdict, the table and the times, and the version's tags name the run."""
    experiment = client.create_experiment("tiny", artifact_location=(tmp_path / "artifacts").as_uri())
    run = client.create_run(experiment).info.run_id
    client.create_registered_model("tiny")
    client.create_model_version("tiny", (tmp_path / "model").as_uri(), run_id=run)
    findings = (Finding("golden answers", "25 rows", "25 equal" if same else "24 equal", same),)
    made = Reproduction(
        ModelVersion("tiny", "1", run, {}), "sha256:1", "0123", "fresh", findings, {"train": 2.5}
    )

    found = client.get_run(record(made, client))

    assert found.info.experiment_id == experiment
    assert found.info.status == ("FINISHED" if same else "FAILED")
    assert found.data.tags["reproduction"] == ("reproduced" if same else "differs")
    assert found.data.metrics == {"train_seconds": 2.5}
    assert {file.path for file in client.list_artifacts(found.info.run_id, "reproduction")} == {
        "reproduction/report.txt",
        "reproduction/report.json",
    }
    tags = client.get_model_version("tiny", "1").tags
    assert tags == {"reproduction": found.data.tags["reproduction"], "reproduction.run_id": found.info.run_id}


def test_the_verdict_names_what_differs() -> None:
    """One line says whether it is the same, and if not, in what."""
    same = Finding("contract", "as packaged", "equal", True)
    made = Reproduction(ModelVersion("tiny", "1", "", {}), "sha256:1", "0123", "fresh", (same,), {})
    assert made.verdict == "reproduced: tiny version 1 from commit 0123"
    other = replace(same, subject="golden answers", same=False)
    assert replace(made, findings=(same, other)).verdict == (
        "NOT reproduced: tiny version 1 differs in golden answers"
    )
