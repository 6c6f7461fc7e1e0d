"""A package is what it says, or the check names what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from days_to_sell.release.verification.packages import Check, check_package
from days_to_sell.scoring.package import FILES, MANIFEST, ModelPackage
from days_to_sell.scoring.signature import SIGNATURE, sign_package
from days_to_sell.scoring.signing_keys import make_key
from tests.packages import rewrite


def wrong(checks: tuple[Check, ...]) -> dict[str, str]:
    """What does not hold, by its subject."""
    return {check.subject: check.found for check in checks if not check.holds}


def found(checks: tuple[Check, ...]) -> dict[str, str]:
    """What was found, by its subject."""
    return {check.subject: check.found for check in checks}


def test_a_sound_package_holds_with_its_chain(package: ModelPackage) -> None:
    """Commit, data digest, run and package digest, the last computed from the bytes."""
    checks = check_package(package.root, None)
    assert wrong(checks) == {}
    said = found(checks)
    assert said["package digest"] == package.digest
    assert (said["code commit"], said["data digest"], said["run"]) == ("0123456789abcdef", "d" * 64, "a1b2c3")
    assert said["signature"].startswith("none, and none is asked for")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["changed", "gone"])
def test_each_damaged_file_is_named(package: ModelPackage, name: str, damage: str) -> None:
    """And no package digest is told of what is not that package."""
    path = package.root / name
    if damage == "changed":
        path.write_bytes(path.read_bytes() + b" ")
    else:
        path.unlink()
    checks = check_package(package.root, None)
    assert set(wrong(checks)) == {name}
    assert "package digest" not in found(checks)


def test_all_damaged_files_are_named_at_once(package: ModelPackage) -> None:
    """Nobody wants to mend one after the other."""
    for name in FILES:
        (package.root / name).write_bytes(b"{}")
    assert set(wrong(check_package(package.root, None))) == set(FILES)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"format": 9}', b'{"format": 2}', b'{"format": 2, "files": []}']
)
def test_a_damaged_manifest_is_the_one_finding(package: ModelPackage, content: bytes) -> None:
    """Nothing else can be said without it."""
    (package.root / MANIFEST).write_bytes(content)
    (check,) = check_package(package.root, None)
    assert (check.subject, check.holds) == ("manifest", False)


def test_a_manifest_that_names_another_file_is_wrong(package: ModelPackage) -> None:
    """Too many and too few."""
    path = package.root / MANIFEST
    path.write_text(
        path.read_text(encoding="utf-8").replace('"golden.jsonl"', '"silver.jsonl"'), encoding="utf-8"
    )
    assert {"golden.jsonl", "silver.jsonl"} <= set(wrong(check_package(package.root, None)))


def test_a_file_that_no_digest_covers_is_named(package: ModelPackage) -> None:
    """Also one in a folder."""
    (package.root / "more").mkdir()
    (package.root / "more" / "code.py").write_text("1", encoding="utf-8")
    assert set(wrong(check_package(package.root, None))) == {"more", "more/code.py"}


@pytest.mark.parametrize("commit", ["unknown", "0123456789abcdef-dirty"])
def test_other_code_than_a_commit_s_is_a_gap(package: ModelPackage, commit: str) -> None:
    """Nobody can look at the code that trained it."""
    rewrite(package.root, MANIFEST, lambda text: text.replace("0123456789abcdef", commit))
    assert wrong(check_package(package.root, None)) == {
        "code commit": f"{commit}: other code than a commit's trained it"
    }


@pytest.mark.parametrize(
    ("key", "subject"), [("code_commit", "code commit"), ("training_data", "data digest"), ("run_id", "run")]
)
def test_a_missing_link_is_a_gap(package: ModelPackage, key: str, subject: str) -> None:
    """Each of them."""
    rewrite(package.root, MANIFEST, lambda text: text.replace(f'"{key}"', f'"no_{key}"'))
    assert set(wrong(check_package(package.root, None))) == {subject}


def test_a_signature_counts_where_keys_are_trusted(package: ModelPackage, tmp_path: Path) -> None:
    """Signed by one of them; unsigned, or signed and changed afterwards, is wrong."""
    public, name = make_key(tmp_path / "release.pem")
    assert set(wrong(check_package(package.root, public))) == {"signature"}
    sign_package(package, tmp_path / "release.pem")
    checks = check_package(package.root, public)
    assert wrong(checks) == {}
    assert found(checks)["signature"] == f"by trusted key {name}"
    assert "not held against any key" in found(check_package(package.root, None))["signature"]
    rewrite(package.root, MANIFEST, lambda text: text.replace("a1b2c3", "a1b2c4"))
    assert "is about another package" in wrong(check_package(package.root, public))["signature"]
    (package.root / SIGNATURE).write_text("{}", encoding="utf-8")
    assert "no DSSE envelope" in wrong(check_package(package.root, public))["signature"]
