"""A gated registry from a client's side: whether it is one, and promoting past its red gates."""

from __future__ import annotations

from urllib.parse import quote

from mlflow import MlflowClient
from mlflow.entities.model_registry.model_version_stages import STAGE_PRODUCTION
from mlflow.utils.credentials import get_default_host_creds
from mlflow.utils.rest_utils import http_request, verify_rest_response

from days_to_sell.errors import RegistryError
from days_to_sell.registry.events.log import GATED

# A gated store says so of each model of ours; on any other registry, whoever sets this tag only silences a
# warning.
GATED_TAG = "release.gated"
# How a reason travels, and where it is shown: on the version, for people to see; nobody decides by it.
HEADER = "X-Days-To-Sell-Override"
OVERRIDE_TAG = "release.override"
PROMOTE = "/api/2.0/mlflow/model-versions/transition-stage"


def in_header(reason: str) -> str:
    """Write a reason as a header can carry it, which holds neither line breaks nor every letter."""
    return quote(reason.strip(), safe=" ")


def is_gated(client: MlflowClient, model: str) -> bool:
    """Tell whether a registry has gates of its own for a model."""
    return GATED_TAG in client.get_registered_model(model).tags


def promote_overriding(client: MlflowClient, model: str, version: str, reason: str) -> None:
    """Promote a version past red gates, which the registry's store records or refuses.

    Raises:
        RegistryError: The registry has no gates, so nothing would be kept of the override.
        MlflowException: The registry refused.
    """
    if not is_gated(client, model):
        raise RegistryError(
            f"this registry has no gates for {model!r}: there is nothing to override, and nobody would keep "
            "the reason; promote without --override, or start the server with a dts+ address"
        )
    # MLflow's client knows the address, and does not tell.
    address = str(client._registry_uri)
    if address.startswith(GATED):
        from days_to_sell.registry.store.stores import open_store  # it brings MLflow's server along

        open_store(address).promote_overriding(model, version, reason)
        return
    wanted = {"name": model, "version": version, "stage": STAGE_PRODUCTION, "archive_existing_versions": True}
    # MLflow's client adds no header to a call of its own.
    response = http_request(
        get_default_host_creds(address),
        PROMOTE,
        "POST",
        extra_headers={HEADER: in_header(reason)},
        json=wanted,
    )
    verify_rest_response(response, PROMOTE)
