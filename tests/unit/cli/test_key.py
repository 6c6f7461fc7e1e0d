"""``days-to-sell key``: a key that is shown once, and a file that is never half-written."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from days_to_sell.scoring.keys import digest_of, read_keys
from tests.unit.cli.conftest import Call


def test_it_prints_the_key_and_its_line(call: Call) -> None:
    """The key alone goes to standard output; each is another, and no other than its digest is to be kept."""
    first, second = call("key", "pricing-team"), call("key", "pricing-team")
    assert first.code == second.code == 0
    assert first.out != second.out
    key = first.out.strip()
    assert len(key) >= 43
    assert f"pricing-team sha256:{digest_of(key.encode()).hex()}\n" in first.err
    assert key not in first.err


def test_it_adds_to_a_file(call: Call, tmp_path: Path) -> None:
    """What stood there stays, comments too, and nobody else may read it."""
    path = tmp_path / "keys"
    first = call("key", "pricing-team", "--file", path).out.strip()
    path.write_text("# ours\n" + path.read_text().rstrip("\n"))
    path.chmod(0o644)
    second = call("key", "stock", "--file", path).out.strip()
    assert path.read_text().startswith("# ours\n")
    assert read_keys(path) == {digest_of(first.encode()): "pricing-team", digest_of(second.encode()): "stock"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_label_gets_a_second_key_only_on_purpose(call: Call, tmp_path: Path) -> None:
    """Without ``--rotate`` the file stays as it is; with it both keys count."""
    path = tmp_path / "keys"
    call("key", "stock", "--file", path)
    before = path.read_bytes()
    refused = call("key", "stock", "--file", path)
    assert refused.code == 1
    assert refused.out == ""
    assert "--rotate" in refused.err
    assert path.read_bytes() == before
    assert call("key", "stock", "--file", path, "--rotate").code == 0
    assert list(read_keys(path).values()) == ["stock", "stock"]


@pytest.mark.parametrize("label", ["", "two words", "-x=1", "schlüssel", "x" * 41, "a\nb"])
def test_a_label_that_the_log_cannot_carry_is_refused(call: Call, tmp_path: Path, label: str) -> None:
    """And no file is made for it."""
    ended = call("key", "--file", tmp_path / "keys", "--", label)
    assert ended.code == 1
    assert "is no label of a key" in ended.err
    assert not list(tmp_path.iterdir())


def test_a_broken_file_or_a_place_that_is_none_is_named(call: Call, tmp_path: Path) -> None:
    """Nothing is added to what no service would read."""
    path = tmp_path / "keys"
    path.write_text("stock no-digest\n")
    assert "line 1 of the file of keys" in call("key", "pricing", "--file", path).err
    assert path.read_text() == "stock no-digest\n"
    assert "cannot be written" in call("key", "pricing", "--file", tmp_path / "absent" / "keys").err


def test_a_link_stays_one(call: Call, tmp_path: Path) -> None:
    """The file behind it is renewed."""
    (tmp_path / "real").mkdir()
    link = tmp_path / "keys"
    link.symlink_to("real/keys")
    assert call("key", "stock", "--file", link).code == 0
    assert call("key", "pricing", "--file", link).code == 0
    assert link.is_symlink()
    assert len(read_keys(tmp_path / "real" / "keys")) == 2


def test_rotating_needs_a_file(call: Call) -> None:
    """Where nothing is written, there is nothing to rotate."""
    assert call("key", "stock", "--rotate").code == 2
