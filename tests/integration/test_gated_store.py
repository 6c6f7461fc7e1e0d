"""The gated store in real MLflow servers: alone, with logins, and on PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from days_to_sell.cli.promote import promote
from days_to_sell.errors import RegistryError
from days_to_sell.registry.events.event import Kind
from days_to_sell.registry.overriding import HEADER, OVERRIDE_TAG
from tests.integration.gated_registry import ADMIN, MODEL, PASSWORD, Registered, prepare
from tests.mlflow_servers import GatedServer, postgresql
from tests.registered import register

pytestmark = [pytest.mark.parts, pytest.mark.filterwarnings("ignore::FutureWarning")]

REASON = "prices are wrong without it; ticket 81"
STAGE, ALIAS = "model-versions/transition-stage", "registered-models/alias"
PROXIED = "--artifacts-destination"


@pytest.fixture(scope="module", params=["alone", "basic-auth", "postgresql"])
def registered(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Registered]:
    """A model of ours in a server of each kind; artifacts go through the server, or past it."""
    home = tmp_path_factory.mktemp("gated")
    artifacts, variables = str(home / "artifacts"), {"DAYS_TO_SELL_OVERRIDE_USERS": ADMIN}
    with pytest.MonkeyPatch.context() as patch:
        # Where the server checks no login, they are a claim.
        patch.setenv("MLFLOW_TRACKING_USERNAME", ADMIN)
        patch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
        if request.param == "postgresql":
            with postgresql() as database:
                yield from running(GatedServer(home, database, [PROXIED, artifacts], variables))
            return
        database = f"sqlite:///{home / 'mlflow.db'}"
        if request.param == "alone":
            yield from running(GatedServer(home, database, [PROXIED, artifacts], variables))
            return
        settings = home / "basic_auth.ini"
        settings.write_text(
            f"[mlflow]\ndefault_permission = EDIT\ndatabase_uri = sqlite:///{home / 'auth.db'}\n"
            f"admin_username = {ADMIN}\nadmin_password = {PASSWORD}\n"
            "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
        )
        logins = {"MLFLOW_AUTH_CONFIG_PATH": str(settings), "MLFLOW_FLASK_SERVER_SECRET_KEY": "of-tests"}
        past = ["--app-name", "basic-auth", "--default-artifact-root", artifacts, "--no-serve-artifacts"]
        yield from running(GatedServer(home, database, past, variables | logins), verified=True)


def running(server: GatedServer, verified: bool = False) -> Iterator[Registered]:
    """Start a server, register in it, and end it."""
    server.start()
    try:
        yield prepare(server, verified=verified)
    finally:
        server.stop()


def refusal(answer: requests.Response) -> str:
    """Give the message of a refusal."""
    assert answer.status_code == 409, answer.text
    assert answer.json()["error_code"] == "RESOURCE_CONFLICT"
    return str(answer.json()["message"])


def ways(version: str) -> list[tuple[str, str, dict[str, Any]]]:
    """List the requests by which a version can go to Production, in many spellings."""
    stages = [
        (STAGE, {"version": version, "stage": stage, "archive_existing_versions": archive})
        for stage in ("Production", "production", "PRODUCTION")
        for archive in (True, False)
    ]
    aliases = [
        (ALIAS, {"version": version, "alias": alias}) for alias in ("production", "Production", "PRODUCTION")
    ]
    return [
        (f"{api}/2.0/mlflow/{path}", path, {"name": MODEL, **body})
        for api in ("api", "ajax-api")
        for path, body in (*stages, *aliases)
    ]


def test_every_way_in_is_refused_with_reasons_while_a_gate_is_shut(registered: Registered) -> None:
    """Stage and alias, both APIs, any spelling, and a body that is encoded twice, as MLflow takes it."""
    (version,) = registered.versions(1, gates_open=False)
    before, start = registered.state(), registered.now()
    asked = ways(version)
    for url, path, body in asked:
        for sent in (json.dumps(body), json.dumps(json.dumps(body))):
            told = refusal(registered.post(url, sent))
            assert f"version {version} of '{MODEL}' may not go to Production" in told, path
            assert "was never evaluated for these bytes" in told
            assert f"days-to-sell gates {MODEL} {version} --evaluate" in told
    assert registered.state() == before
    kinds = {event.kind for event in registered.events(start)}
    assert kinds == {Kind.REFUSED}
    assert len(registered.events(start)) == 2 * len(asked)


def test_every_way_in_moves_stage_and_alias_and_leaves_one_event(registered: Registered) -> None:
    """The version before is archived, also where nobody asked for it."""
    asked = ways("")
    versions = registered.versions(len(asked))
    registered.withdraw()
    before = None
    for (url, path, body), version in zip(asked, versions, strict=True):
        start = registered.now()
        answer = registered.post(url, json.dumps(body | {"version": version}))
        assert answer.status_code == 200, answer.text
        assert registered.state() == ((version,), {"production": version})
        (event,) = registered.events(start)
        assert (event.kind, event.version, event.digest) == (Kind.PROMOTED, version, registered.digest)
        by = "stage" if path == STAGE else "alias"
        digest = registered.digest if before else None
        assert event.body == {"from": before, "from_digest": digest, "to": version, "by": by}
        before = version


def test_who_asked_is_recorded_as_verified_only_where_mlflow_checked_it(registered: Registered) -> None:
    """A forwarded name counts where nobody checks logins, as a claim, and nowhere else."""
    first, second = registered.versions(2)
    registered.promote(first)
    start = registered.now()
    registered.promote(second, headers={"X-Forwarded-User": "mallory"})
    (event,) = registered.events(start)
    assert (event.actor.name, event.actor.verified) == (
        (ADMIN, True) if registered.verified else ("mallory", False)
    )


def test_what_is_in_production_is_not_taken_away_by_the_way(registered: Registered) -> None:
    """Removing the alias, deleting, renaming, and other stages each say what to do instead."""
    (version,) = registered.versions(1)
    registered.promote(version)
    before = registered.state()
    prefix = "api/2.0/mlflow"
    asked = [
        ("DELETE", f"{prefix}/{ALIAS}", {"name": MODEL, "alias": "production"}),
        ("DELETE", f"ajax-{prefix}/{ALIAS}", {"name": MODEL, "alias": "PRODUCTION"}),
        ("DELETE", f"{prefix}/model-versions/delete", {"name": MODEL, "version": version}),
        ("DELETE", f"{prefix}/registered-models/delete", {"name": MODEL}),
        ("POST", f"{prefix}/registered-models/rename", {"name": MODEL, "new_name": "elsewhere"}),
        ("POST", f"ajax-{prefix}/{STAGE}", {"name": MODEL, "version": version, "stage": "staging"}),
        ("POST", f"{prefix}/{STAGE}", {"name": MODEL, "version": version, "stage": "None"}),
    ]
    for verb, url, body in asked:
        told = refusal(registered.post(url, json.dumps(body), verb=verb))
        assert "it is in Production; promote another version, or archive this one" in told
    assert registered.state() == before
    registered.withdraw()
    assert registered.state() == ((), {})


def test_a_foreign_model_passes_untouched(registered: Registered) -> None:
    """No gate, no event, and its own spellings."""
    client, name = registered.client, "somebody-elses"
    client.create_registered_model(name)
    version = register(client, name, registered.source)
    client.transition_model_version_stage(name, version, "Production")
    client.set_registered_model_alias(name, "Production", version)
    assert list(client.get_registered_model(name).aliases) == ["Production"]
    assert "release.gated" not in client.get_registered_model(name).tags
    client.delete_registered_model_alias(name, "Production")
    client.rename_registered_model(name, "still-not-ours")
    client.delete_model_version("still-not-ours", version)
    client.delete_registered_model("still-not-ours")
    assert registered.log.read(name) == []


def test_a_version_whose_source_is_not_a_logged_model_of_this_server_is_refused(
    registered: Registered, tmp_path: Path
) -> None:
    """A folder of a run, and a logged model of an experiment that keeps its files elsewhere."""
    run = registered.client.create_run(registered.experiment)
    folder = f"{run.info.artifact_uri}/model"
    loose = registered.client.create_model_version(MODEL, folder, run.info.run_id, await_creation_for=0)
    told = refusal(registered.promote(str(loose.version)))
    assert "is no logged model of MLflow's; register it as models:/m-..." in told
    elsewhere = registered.version_elsewhere(tmp_path)
    assert "outside MLflow's artifact roots" in refusal(registered.promote(elsewhere))


def test_a_package_that_was_changed_since_its_gates_were_evaluated_is_refused(registered: Registered) -> None:
    """The digest is computed from the bytes as they are at the moment of the promotion."""
    damaged, exchanged = registered.damaged_version(), registered.exchanged_version()
    assert "its model package cannot be read" in refusal(registered.promote(damaged))
    assert "was never evaluated for these bytes" in refusal(registered.promote(exchanged))


def test_a_named_user_overrides_red_gates_by_command(
    registered: Registered, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Log, tag and command say who and why, as verified only where MLflow checked that."""
    (version,) = registered.versions(1, gates_open=False)
    start = registered.now()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", registered.server.url)
    done = CliRunner().invoke(promote, [MODEL, version, "--override", REASON])
    shown = f"{REASON} ({ADMIN}, {'verified' if registered.verified else 'claimed'})"
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"red gates were overridden: {shown}\n" in done.stdout
    override, promoted = registered.events(start)
    assert (override.kind, promoted.kind) == (Kind.OVERRIDE, Kind.PROMOTED)
    assert override.body["reason"] == REASON
    assert any("was never evaluated for these bytes" in each for each in override.body["overridden"])
    for event in (override, promoted):
        assert (event.actor.name, event.actor.verified) == (ADMIN, registered.verified)
        assert (event.version, event.digest) == (version, registered.digest)
    assert registered.client.get_model_version(MODEL, version).tags[OVERRIDE_TAG] == shown
    assert registered.state() == ((version,), {"production": version})


def test_whoever_is_not_named_overrides_nothing(
    registered: Registered, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer names who asked, the setting and the gates; a forged name helps nobody who has a login."""
    (version,) = registered.versions(1, gates_open=False)
    if registered.verified:
        made = json.dumps({"username": "ruth", "password": PASSWORD})
        assert registered.post("api/2.0/mlflow/users/create", made).status_code == 200
    before, start, forged = registered.state(), registered.now(), {"X-Forwarded-User": ADMIN}
    for more in ({}, forged if registered.verified else {}):
        answer = registered.promote(version, headers={HEADER: REASON, **more}, login=("ruth", PASSWORD))
        told = refusal(answer)
        assert "ruth may not override them: DAYS_TO_SELL_OVERRIDE_USERS of the server names who may" in told
        assert "was never evaluated for these bytes" in told
    monkeypatch.setenv("MLFLOW_TRACKING_URI", registered.server.url)
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ruth")
    ended = CliRunner().invoke(promote, [MODEL, version, "--override", REASON])
    assert isinstance(ended.exception, RegistryError)
    assert "ruth may not override them" in str(ended.exception)
    assert registered.state() == before
    found = {(each.kind, each.actor.name, each.actor.verified) for each in registered.events(start)}
    assert found == {(Kind.REFUSED, "ruth", registered.verified)}


def test_a_promotion_by_command_gives_no_warning_where_the_registry_is_gated(
    registered: Registered, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen over HTTP too; and an override that nothing needed is not kept."""
    first, second = registered.versions(2)
    start = registered.now()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", registered.server.url)
    done = CliRunner().invoke(promote, [MODEL, first])
    assert (done.exit_code, done.stderr) == (0, "")
    done = CliRunner().invoke(promote, [MODEL, second, "--override", REASON])
    assert "nothing was overridden, and the reason is not kept" in done.stdout
    assert {event.kind for event in registered.events(start)} == {Kind.PROMOTED}
