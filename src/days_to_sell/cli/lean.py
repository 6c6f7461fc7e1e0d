"""Parts of MLflow that it imports with itself, and no command uses, left alone until somebody asks for them.

They take a sixth of the time in which a command starts.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType

UNUSED = frozenset({"mlflow.genai", "mlflow.gateway"})


class _Retried(Loader):
    """Loads a module; one that cannot be loaded yet is forgotten, as Python forgets what it imports at once.

    MLflow asks for some of its parts before they can be imported, and puts up with that.
    """

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        try:
            self._loader.exec_module(module)
        except ImportError:
            parent, _, name = module.__name__.rpartition(".")
            sys.modules.pop(module.__name__, None)
            vars(sys.modules[parent]).pop(name, None)
            raise


class _Later(MetaPathFinder):
    """Finds modules that are loaded when one of their attributes is asked for."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in UNUSED:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(_Retried(spec.loader))
        return spec


def leave_unused() -> None:
    """Load those parts of MLflow only when they are asked for; to be called before MLflow is imported."""
    sys.meta_path.insert(0, _Later())
