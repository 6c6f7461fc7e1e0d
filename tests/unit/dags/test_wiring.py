"""What the environment decides about the DAGs, and the commands that come of it."""

from __future__ import annotations

import pytest

from days_to_sell.errors import SettingsError
from mlflow_project.dags.commands import STEPS, Subject, command_of
from mlflow_project.dags.wiring import PROJECT, Wiring

FLATS = Subject("flats", "days-to-let", ("flats",))
OFF = {
    "promote": False,
    "accept_drift": "no",
    "search": "no",
    "repository": "",
    "branch": "",
    "packages": "",
}


def test_the_defaults_are_those_of_a_checkout() -> None:
    """Nothing has to be set where Airflow runs beside a checkout."""
    wiring = Wiring.from_env({})
    assert wiring == Wiring()
    assert (PROJECT / "MLproject").is_file()
    assert wiring.lake_of("flats").endswith("lake/flats")


def test_every_kind_of_value_is_read() -> None:
    """Texts, numbers, days and switches come from their variables."""
    wiring = Wiring.from_env(
        {
            "DAYS_TO_SELL_DAGS_LAKE": "s3a://lake/{model}",
            "DAYS_TO_SELL_DAGS_RETRIES": "5",
            "DAYS_TO_SELL_DAGS_START": "2024-02-29",
            "DAYS_TO_SELL_DAGS_PROMOTE": "yes",
        }
    )
    assert wiring.lake_of("flats") == "s3a://lake/flats"
    assert (wiring.retries, wiring.start.isoformat(), wiring.promote) == (5, "2024-02-29", True)


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("RETRIES", "many", "a whole number"),
        ("START", "soon", "a day such as 2025-01-31"),
        ("PROMOTE", "maybe", "true or false"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_name(name: str, value: str, wanted: str) -> None:
    """The message has the variable, its value and what to write."""
    with pytest.raises(SettingsError, match=f"DAYS_TO_SELL_DAGS_{name} is '{value}'; set it to {wanted}"):
        Wiring.from_env({f"DAYS_TO_SELL_DAGS_{name}": value})


def test_a_run_is_longer_than_its_wait_and_its_steps() -> None:
    """A run is not ended while a step of it may still be tried."""
    wiring = Wiring(patience_seconds=10, step_seconds=100, retries=1)
    assert wiring.longest.total_seconds() == 10 + len(STEPS) * 2 * 100


def test_steps_are_entry_points_and_commands() -> None:
    """Training is `mlflow run`; what tells more by its exit code is called itself."""
    commands = {step: command_of(step, FLATS, Wiring(lake="lake"), "2025-06-30", OFF) for step in STEPS}
    assert commands["promote"] is commands["deploy"] is None
    projects = {step for step, command in commands.items() if command and command[:2] == ["mlflow", "run"]}
    assert projects == {"data", "fit", "convert", "register"}
    data = commands["data"]
    assert data is not None
    assert "halt=no" in data
    assert [data[at + 1] for at, part in enumerate(data) if part == "--entry-point"] == ["data"]
    check = commands["check"]
    assert check is not None
    assert check[:3] == ["days-to-sell", "step", "check"]
    assert check[check.index("--snapshot") + 1] == "2025-06-30"


def test_what_a_run_asks_for_is_done_too() -> None:
    """Promotion and deployment are parameters of a run."""
    asked = OFF | {"promote": True, "repository": "file:///git", "packages": "s3://models"}
    promote = command_of("promote", FLATS, Wiring(), "2025-06-30", asked)
    assert promote is not None
    assert promote[:3] == ["days-to-sell", "step", "promote"]
    assert command_of("deploy", FLATS, Wiring(), "2025-06-30", asked) == [
        *("days-to-sell", "deployment", "commit", "days-to-let"),
        *("--repository", "file:///git", "--packages", "s3://models"),
    ]


def test_an_unknown_step_is_refused() -> None:
    """A task that is misspelt does nothing."""
    with pytest.raises(ValueError, match="there is no step 'fitt'"):
        command_of("fitt", FLATS, Wiring(), "2025-06-30", OFF)
