"""The reconcile step: what Production names serves once it is proven, and not before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import requests

from days_to_sell.errors import EventLogError, PackageError, ProofError, ReleaseError, TargetError
from days_to_sell.release.machine.steps import Verify
from days_to_sell.release.outcome import Release
from days_to_sell.scoring.package import ModelPackage
from tests.packages import CAR, days_by_formula, make_package, rewrite, rewrite_bundle
from tests.unit.release.conftest import MODEL
from tests.unit.release.fakes import RefusingRegistryError, ShelfRegistry, ThreadTarget
from tests.unit.release.full_disk import no_room

Step = Callable[[], Release]


@pytest.fixture
def second(registry: ShelfRegistry, release: Step, tmp_path: Path) -> ModelPackage:
    """Version 1 serves; version 2, of another formula, has just come into Production."""
    release()
    package = make_package(tmp_path / "shelf" / "2", intercept=20.0)
    registry.add(MODEL, "2", package)
    return package


def answer(url: str) -> float:
    """Ask a service about the one car."""
    reply = requests.post(f"{url}/invocations", json={"dataframe_records": [CAR]}, timeout=10)
    return float(reply.json()["predictions"][0])


def serving(target: ThreadTarget, environment: str = "production") -> str | None:
    """Version that answers in an environment."""
    found = target.current(environment)
    return found.version if found else None


def test_a_promoted_version_serves_in_every_environment_once_proven(
    release: Step, target: ThreadTarget
) -> None:
    """The first release goes through preprod to production, and production answers by the formula."""
    released = release()
    assert target.deployed == [("preprod", "1"), ("production", "1")]
    assert (released.model, released.version, released.changed) == (MODEL, "1", True)
    assert released.proof.rows == 25
    assert answer(released.url) == pytest.approx(days_by_formula(CAR), rel=1e-12)


def test_the_version_is_tagged_with_what_was_released(release: Step, registry: ShelfRegistry) -> None:
    """People see on the version what was released, where, and how well it was proven."""
    released = release()
    tags = registry.tags[MODEL, "1"]
    assert tags["release.status"] == "released"
    assert tags["release.digest"] == released.digest
    assert (tags["release.image"], tags["release.target"]) == ("image-of-1", "thread")
    assert tags["release.url"] == released.url
    assert tags["release.golden_rows"] == "25"
    assert float(tags["release.golden_max_rel_error"]) == released.proof.max_rel_error
    assert tags["release.released_at"].endswith("+00:00")


def test_a_second_step_does_nothing(
    release: Step, target: ThreadTarget, registry: ShelfRegistry, lines: list[str]
) -> None:
    """While the released version serves, nothing is deployed and no tag is written."""
    first, tags = release(), dict(registry.tags[MODEL, "1"])
    lines.clear()
    again = release()
    assert not again.changed
    assert (again.version, again.url, again.image) == (first.version, first.url, first.image)
    assert again.proof == first.proof
    assert len(target.deployed) == 2
    assert registry.tags[MODEL, "1"] == tags
    assert len(lines) == 1
    assert "nothing to do" in lines[0]


def test_what_no_longer_serves_is_deployed_again(release: Step, target: ThreadTarget) -> None:
    """A tag that says released is no reason to leave an empty port alone."""
    release()
    target.stop("production")
    assert release().changed
    assert serving(target) == "1"


def test_the_registry_is_told_what_serves(
    release: Step, registry: ShelfRegistry, second: ModelPackage
) -> None:
    """Stage and alias can only be told apart by what serves now."""
    release()
    assert registry.told_serving == [None, None, None, "1", "1", "1"]


def test_stage_and_alias_are_made_one_before_anything_is_built(
    release: Step, registry: ShelfRegistry, second: ModelPackage
) -> None:
    """What a person moved alone would else look, once it serves, as if the other had moved back."""
    release()
    assert registry.brought_along == ["1", "2"]


def test_a_new_version_takes_over_and_an_earlier_one_can_come_back(
    release: Step, registry: ShelfRegistry, target: ThreadTarget, second: ModelPackage
) -> None:
    """Promotion and rollback take the same way."""
    assert release().digest == second.digest
    assert serving(target) == "2"
    registry.in_production[MODEL] = "1"
    assert release().changed
    assert serving(target) == "1"


@pytest.mark.parametrize(
    "corrupt",
    [
        pytest.param(
            lambda root: rewrite(
                root, "golden.jsonl", lambda text: text.replace('"days": 4', '"days": 5', 1)
            ),
            id="one golden prediction",
        ),
        pytest.param(
            lambda root: rewrite_bundle(root, lambda text: text.replace("30.0", "30.000001")),
            id="one number of the bundle",
        ),
    ],
)
def test_a_corrupted_number_refuses_the_release_before_anything_is_deployed(
    release: Step,
    registry: ShelfRegistry,
    target: ThreadTarget,
    second: ModelPackage,
    corrupt: Callable[[Path], ModelPackage],
) -> None:
    """With every digest right again, the proof alone tells; the old version serves on."""
    corrupt(second.root)
    with pytest.raises(ProofError, match=r"of 25 golden rows, the worst:\n  row row-\d+ "):
        release()
    assert len(target.deployed) == 2
    assert serving(target) == "1"
    tags = registry.tags[MODEL, "2"]
    assert tags["release.status"] == "refused"
    assert "golden rows" in tags["release.reason"]


def test_a_changed_file_refuses_the_release(
    release: Step, registry: ShelfRegistry, target: ThreadTarget, second: ModelPackage
) -> None:
    """A file that is not what the manifest says never gets as far as the proof."""
    golden = second.root / "golden.jsonl"
    golden.write_text(golden.read_text(encoding="utf-8").replace("row-0", "row-x"), encoding="utf-8")
    with pytest.raises(PackageError, match=r"golden\.jsonl has SHA-256"):
        release()
    assert serving(target) == "1"
    assert "SHA-256" in registry.tags[MODEL, "2"]["release.reason"]


def test_a_package_of_another_model_is_refused(
    release: Step, registry: ShelfRegistry, target: ThreadTarget, tmp_path: Path
) -> None:
    """A version serves its own model or nothing."""
    registry.add(MODEL, "2", make_package(tmp_path / "shelf" / "other", model="other-model"))
    with pytest.raises(PackageError, match="holds a package of other-model"):
        release()
    assert target.deployed == []


def test_a_package_without_golden_rows_is_refused(
    release: Step, registry: ShelfRegistry, target: ThreadTarget, tmp_path: Path
) -> None:
    """Nothing to compare is no proof."""
    registry.add(MODEL, "2", make_package(tmp_path / "shelf" / "empty", rows=0))
    with pytest.raises(ProofError, match="no golden rows"):
        release()
    assert target.deployed == []


def test_a_failed_replay_in_preprod_leaves_production_alone(
    release: Step, target: ThreadTarget, registry: ShelfRegistry, second: ModelPackage
) -> None:
    """Production is untouched until preprod answers as Spark did; preprod gets its old version back."""
    target.spoilt = {"preprod"}
    with pytest.raises(ProofError, match="25 of 25 golden rows"):
        release()
    assert [place for place, version in target.deployed if version == "2"] == ["preprod"]
    assert (serving(target, "preprod"), serving(target)) == ("1", "1")
    assert registry.tags[MODEL, "2"]["release.status"] == "refused"


def test_a_failed_replay_in_production_brings_the_old_version_back(
    release: Step, target: ThreadTarget, registry: ShelfRegistry, second: ModelPackage
) -> None:
    """Preprod may pass and production still differ: then what served before serves again."""
    target.spoilt = {"production"}
    with pytest.raises(ProofError, match=r"tiny-model version 2 \(production\) at http"):
        release()
    assert target.deployed[-1] == ("production", "2")
    assert serving(target) == "1"
    assert answer(target.current("production").url) == pytest.approx(days_by_formula(CAR), rel=1e-12)
    assert registry.tags[MODEL, "2"]["release.status"] == "refused"


def test_a_refused_version_is_tried_again_when_asked_again(
    release: Step, target: ThreadTarget, registry: ShelfRegistry, second: ModelPackage
) -> None:
    """A refusal binds nobody: once the fault is gone the same version is released and the reason goes."""
    target.spoilt = {"production"}
    with pytest.raises(ProofError):
        release()
    target.spoilt = set()
    assert release().changed
    assert serving(target) == "2"
    assert registry.tags[MODEL, "2"]["release.status"] == "released"
    assert registry.tags[MODEL, "2"]["release.reason"] == ""


def test_a_registry_that_takes_no_tags_holds_no_release_up(
    release: Step, target: ThreadTarget, registry: ShelfRegistry, second: ModelPackage, lines: list[str]
) -> None:
    """Tags are for people: what is proven serves, and the tags are made good when the registry is back."""

    def down(tags: Mapping[str, str]) -> None:
        raise RefusingRegistryError("the registry is down")

    registry.on_tag = down
    assert release().version == "2"
    assert serving(target) == "2"
    assert sum("could not be written to the version's tags" in line for line in lines) == 1
    registry.on_tag = lambda tags: None
    assert not release().changed
    assert registry.tags[MODEL, "2"]["release.status"] == "released"


def test_an_interrupted_release_brings_the_old_version_back_and_can_be_run_again(
    release: Step, target: ThreadTarget, monkeypatch: pytest.MonkeyPatch, second: ModelPackage
) -> None:
    """Ctrl-C at the worst moment leaves the proven version serving, and the next step completes."""
    with monkeypatch.context() as patch:
        patch.setattr(Verify, "do", interrupt)
        with pytest.raises(KeyboardInterrupt):
            release()
    assert serving(target) == "1"
    assert release().version == "2"
    assert serving(target) == "2"


def interrupt(self: object) -> None:
    """Press Ctrl-C."""
    raise KeyboardInterrupt


def test_a_version_is_marked_as_under_way_and_released_is_the_last_word(
    release: Step, registry: ShelfRegistry
) -> None:
    """Whoever looks at the version sees the step that it is at, or one before; no step waits for that."""
    written: list[dict[str, str]] = []
    registry.on_tag = lambda tags: written.append(dict(tags))
    release()
    assert (written[0]["release.status"], written[0]["release.step"]) == ("releasing", "package")
    assert written[-1]["release.step"] == ""
    # Whoever reads it while the others are being written must not take the release for done.
    assert list(written[-1])[-1] == "release.status"
    assert registry.tags[MODEL, "1"]["release.status"] == "released"


def test_without_a_production_version_the_message_says_to_promote_one(
    release: Step, registry: ShelfRegistry
) -> None:
    """There is nothing to reconcile with."""
    registry.in_production.clear()
    with pytest.raises(ReleaseError, match="no version of tiny-model is in Production; promote one"):
        release()


def test_a_failure_to_write_the_reason_does_not_hide_it(
    release: Step, registry: ShelfRegistry, second: ModelPackage, lines: list[str]
) -> None:
    """The refusal reaches the caller, and the report says that the tag is missing."""
    rewrite(second.root, "golden.jsonl", lambda text: text.replace('"days": 4', '"days": 5', 1))

    def down(tags: Mapping[str, str]) -> None:
        if tags.get("release.status") == "refused":
            raise RefusingRegistryError("the registry is down")

    registry.on_tag = down
    with pytest.raises(ProofError):
        release()
    assert lines[-1] == "the state could not be written to the version's tags: the registry is down"


def test_on_a_full_disk_what_serves_keeps_serving_and_with_room_the_release_goes_on(
    release: Step, registry: ShelfRegistry, target: ThreadTarget, tmp_path: Path
) -> None:
    """Neither log nor workspace takes a byte: that is an error with a remedy, and no version is lost."""
    release()
    registry.add(MODEL, "2", make_package(tmp_path / "shelf" / "2", intercept=20.0))
    with no_room(beyond=100), pytest.raises((EventLogError, TargetError)):
        release()
    assert serving(target) == "1"
    assert release().version == "2"


@pytest.mark.parametrize("broken", ["fences", "packages"])
def test_a_workspace_that_is_in_the_way_is_named(
    release: Step, target: ThreadTarget, workspace: Path, broken: str
) -> None:
    """A file where a folder has to be is an error of ours, with the path."""
    (workspace / broken).write_text("", encoding="utf-8")
    with pytest.raises(TargetError, match=str(workspace)):
        release()
    assert serving(target) is None
