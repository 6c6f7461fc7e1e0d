"""The package digest of a version, from its bytes as they are now, read where the server keeps them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.server.constants import ARTIFACT_ROOT_ENV_VAR, ARTIFACTS_DESTINATION_ENV_VAR
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from days_to_sell.data.s3 import reason as explained
from days_to_sell.errors import DaysToSellError, RegistryError
from days_to_sell.registry.mleap_flavor import MODEL_DATA_SUBPATH
from days_to_sell.registry.sources import logged_model_of, require_location
from days_to_sell.scoring.package import open_package
from days_to_sell.scoring.signature import require_signature
from days_to_sell.settings import Settings

PROXIED = "mlflow-artifacts:"


def digest_of(source: str) -> str:
    """Read the model package behind a version's source, and give its digest.

    Args:
        source: As the registry has it; tags and the version's other records are no evidence.

    Raises:
        RegistryError: The source is not allowed, or its package cannot be read or is not what it says.
    """
    logged = logged_model_of(source)
    roots = [root for root in (os.environ.get(ARTIFACT_ROOT_ENV_VAR),) if root]
    try:
        # In the server this asks its own tracking store, not a server over the network.
        recorded = MlflowClient().get_logged_model(logged).artifact_location
        location = _behind_the_proxy(require_location(recorded, logged, roots))
        with tempfile.TemporaryDirectory() as scratch:
            fetched = get_artifact_repository(location).download_artifacts(MODEL_DATA_SUBPATH, scratch)
            package = open_package(Path(fetched))
            require_signature(package, Settings.from_env().trusted_keys)
            return package.digest
    except RegistryError:
        raise
    except (ClientError, BotoCoreError) as error:
        raise RegistryError(f"its model package cannot be read: {explained(error)}") from error
    except (DaysToSellError, MlflowException, OSError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise RegistryError(f"its model package cannot be read: {reason}; log the model again") from error


def _behind_the_proxy(location: str) -> str:
    """Name the place that this server itself hands out under ``mlflow-artifacts:``."""
    kept = os.environ.get(ARTIFACTS_DESTINATION_ENV_VAR)
    if not (location.startswith(PROXIED) and kept):
        return location
    path = location.removeprefix(PROXIED).lstrip("/")
    return f"{kept.rstrip('/')}/{path}"
