"""The gated stores: one for a server without workspaces, one for a server with them."""

from __future__ import annotations

import os

from mlflow.environment_variables import MLFLOW_ENABLE_WORKSPACES
from mlflow.server.constants import READ_REPLICA_BACKEND_STORE_URI_ENV_VAR
from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore
from mlflow.store.model_registry.sqlalchemy_workspace_store import WorkspaceAwareSqlAlchemyStore

from days_to_sell.registry.events.log import GATED
from days_to_sell.registry.store.gated import Gated


class GatedStore(Gated, SqlAlchemyStore):
    """The store of a server without workspaces."""


class GatedWorkspaceStore(Gated, WorkspaceAwareSqlAlchemyStore):
    """The store of a server with workspaces, each with chains of its own."""


def open_store(store_uri: str) -> GatedStore | GatedWorkspaceStore:
    """Open the store that an address with our prefix asks for."""
    kind = GatedWorkspaceStore if MLFLOW_ENABLE_WORKSPACES.get() else GatedStore
    replica = os.environ.get(READ_REPLICA_BACKEND_STORE_URI_ENV_VAR)
    return kind(store_uri.removeprefix(GATED), read_db_uri=replica)
