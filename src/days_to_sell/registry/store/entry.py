"""What MLflow's entry points for ``dts+`` before a database address name.

MLflow loads them whenever it imports its server, in the middle of whatever import led there. So this module
imports nothing of the store, which itself needs the server's modules, until a store is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from days_to_sell.registry.store.stores import GatedStore, GatedWorkspaceStore


def build(store_uri: str) -> GatedStore | GatedWorkspaceStore:
    """Make the store that an address asks for, as MLflow's server does for its own."""
    from days_to_sell.registry.store import stores

    return stores.open_store(store_uri)
