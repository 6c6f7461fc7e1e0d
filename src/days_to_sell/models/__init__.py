"""Models: one folder each, with ``spec.py``, ``training_data.py`` and, for an example, ``example.py``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from days_to_sell.errors import SpecError
from days_to_sell.spec import ModelSpec

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


class ExampleLake(Protocol):
    """Writes the example data of a model as a lake and tells its snapshot date."""

    def __call__(self, root: Path, *, data: Path | None, adverts: int, seed: int) -> date:
        """Write the lake under ``root``."""


@dataclass(frozen=True)
class Model:
    """A model folder, loaded.

    Args:
        folder: Name of the folder, as commands take it.
        spec: What the model is.
        training_frame: Source frames and snapshot date to the training frame, a pure function.
        code: The folder's files and those that all models share, for fingerprints.
    """

    folder: str
    spec: ModelSpec
    training_frame: Callable[[Mapping[str, DataFrame], date], DataFrame]
    code: tuple[Path, ...]

    @property
    def write_example_lake(self) -> ExampleLake:
        """The generator or importer of the model's example data.

        Raises:
            SpecError: The folder has no ``example.py``.
        """
        name = f"{__name__}.{self.folder}.example"
        try:
            return importlib.import_module(name).write_example_lake
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            raise SpecError(
                f"model {self.folder!r} has no example data; give it a lake with --lake"
            ) from error


def model_names() -> tuple[str, ...]:
    """Name the model folders there are."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg))


def find_model(folder: str) -> Model:
    """Load a model by the name of its folder.

    Raises:
        SpecError: There is no such folder; the message lists those there are.
    """
    spec = find_spec(folder)
    data = importlib.import_module(f"{__name__}.{folder}.training_data")
    home = Path(str(data.__file__)).parent
    code = (*sorted(home.glob("*.py")), *sorted(home.parent.glob("*.py")))
    return Model(folder, spec, data.training_frame, code)


def find_spec(folder: str) -> ModelSpec:
    """Load what a model is, without what builds its training data, so that no Spark is needed.

    Raises:
        SpecError: There is no such folder; the message lists those there are.
    """
    if folder not in model_names():
        raise SpecError(f"model {folder!r} is unknown; the folders in models/ are {', '.join(model_names())}")
    spec: ModelSpec = importlib.import_module(f"{__name__}.{folder}.spec").SPEC
    return spec
