"""A released version's folder of manifests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from days_to_sell.errors import PublishError, TargetError
from days_to_sell.release.kubernetes.overlay import KUSTOMIZATION, Overlay, write_overlay
from stack.kubelet.manifest import read_deployment, render
from tests.unit.release.full_disk import no_room
from tests.unit.serving.k8s.rendered import needs_kubectl, of_kind

ROOT = Path(__file__).parents[4]
DIGEST = f"sha256:{'ab' * 32}"
OVERLAY = Overlay(
    environment="production",
    model="Tiny model",
    version="3",
    package_digest=f"sha256:{'cd' * 32}",
    address=f"registry.example:5000/team/tiny-model@{DIGEST}",
    variables={
        "WEB_CONCURRENCY": "2",
        "DAYS_TO_SELL_MODEL_VERSION": "3",
        "DAYS_TO_SELL_ENVIRONMENT": "production",
    },
)


@needs_kubectl
@pytest.mark.parametrize("environment", ["preprod", "production"])
def test_it_renders_to_the_published_bytes_of_one_version(tmp_path: Path, environment: str) -> None:
    """Image by digest, settings once each, in a namespace of its own, and what it is on each object."""
    variables = {**OVERLAY.variables, "DAYS_TO_SELL_ENVIRONMENT": environment}
    wanted = replace(OVERLAY, environment=environment, variables=variables)
    documents = tuple(render(write_overlay(tmp_path, ROOT, wanted)))
    pod = read_deployment(documents, "scoring").pod
    assert pod.image == OVERLAY.address
    assert pod.environment.items() >= variables.items()
    (deployment,) = of_kind(documents, "Deployment")
    names = [each["name"] for each in deployment["spec"]["template"]["spec"]["containers"][0]["env"]]
    assert len(names) == len(set(names))
    (namespace,) = of_kind(documents, "Namespace")
    assert namespace["metadata"]["name"] == f"tiny-model-{environment}"
    assert {each["metadata"]["namespace"] for each in documents if each is not namespace} == {
        f"tiny-model-{environment}"
    }
    for annotated in (deployment, deployment["spec"]["template"]):
        assert annotated["metadata"]["annotations"] == {
            "days-to-sell/model": "Tiny model",
            "days-to-sell/model-version": "3",
            "days-to-sell/package-digest": OVERLAY.package_digest,
        }


@needs_kubectl
def test_text_stays_text(tmp_path: Path) -> None:
    """Quotes, colons and what looks like a number or a template get there as they are."""
    odd = {"DAYS_TO_SELL_JVM_OPTIONS": '-Dx="a: b" $(PORT) #no', "DAYS_TO_SELL_MAX_ROWS": "1000"}
    folder = write_overlay(tmp_path, ROOT, replace(OVERLAY, variables=odd))
    assert read_deployment(render(folder), "scoring").pod.environment.items() >= odd.items()


def test_another_version_changes_one_file(tmp_path: Path) -> None:
    """The manifests stay where they are, so a diff shows the version and nothing else."""
    folder = write_overlay(tmp_path, ROOT, OVERLAY)
    before = contents(folder)
    write_overlay(tmp_path, ROOT, replace(OVERLAY, version="4"))
    after = contents(folder)
    assert [name for name in after if after[name] != before.get(name)] == [KUSTOMIZATION]
    assert before.keys() == after.keys()


def test_other_manifests_take_the_place_of_those_before(tmp_path: Path) -> None:
    """What was edited by hand under a name that is a hash is put right, too."""
    folder = write_overlay(tmp_path, ROOT, OVERLAY)
    sound = contents(folder)
    (manifests,) = folder.glob("manifests-*")
    (manifests / "base" / "service.yaml").write_text("edited", encoding="utf-8")
    manifests.with_name("manifests-of-before").mkdir()
    write_overlay(tmp_path, ROOT, OVERLAY)
    assert contents(folder) == sound
    assert [each.name for each in folder.iterdir() if each.is_dir()] == [manifests.name]


def test_a_full_disk_leaves_the_version_before(tmp_path: Path) -> None:
    """Whole: the file that names a version is written last, and at once."""
    folder = write_overlay(tmp_path, ROOT, OVERLAY)
    before = contents(folder)
    with no_room(beyond=100), pytest.raises(TargetError, match="what was there before still is"):
        write_overlay(tmp_path, ROOT, replace(OVERLAY, version="4"))
    assert contents(folder) == before


def test_an_image_without_a_digest_is_refused(tmp_path: Path) -> None:
    """And nothing is written that names one."""
    with pytest.raises(PublishError, match="digest"):
        write_overlay(tmp_path, ROOT, replace(OVERLAY, address="registry.example:5000/team/tiny-model:3"))
    assert not list(tmp_path.rglob(KUSTOMIZATION)) or not (tmp_path / OVERLAY.name / KUSTOMIZATION).exists()


def contents(folder: Path) -> dict[str, bytes]:
    """Every file with its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
