"""Where the event log is found."""

from __future__ import annotations

from pathlib import Path

from days_to_sell.registry.events.place import open_log, whoever_runs_this


def test_the_environment_decides(tmp_path: Path) -> None:
    """Whatever the registry is."""
    named = f"sqlite:///{tmp_path / 'named.db'}"
    log = open_log(named, "http://127.0.0.1:5000", tmp_path)
    assert log.engine.url.database == str(tmp_path / "named.db")


def test_a_registry_in_a_database_has_its_log_beside_it(tmp_path: Path) -> None:
    """Gated or not."""
    for prefix in ("", "dts+"):
        log = open_log(None, f"{prefix}sqlite:///{tmp_path / 'mlflow.db'}", tmp_path / "work")
        assert log.engine.url.database == str(tmp_path / "mlflow.db")
    assert not (tmp_path / "work").exists()


def test_else_it_is_a_file_of_this_machine_and_that_is_said(tmp_path: Path) -> None:
    """A registry behind a server shows no database."""
    said: list[str] = []
    log = open_log(None, "http://127.0.0.1:5000", tmp_path / "work", said.append)
    assert log.engine.url.database == str(tmp_path / "work" / "events.db")
    assert "of this machine alone; DAYS_TO_SELL_EVENT_LOG names a log for all" in said[0]


def test_whoever_runs_a_command_is_a_claim() -> None:
    """Nobody asked for a password."""
    actor = whoever_runs_this()
    assert "@" in actor.name
    assert not actor.verified
