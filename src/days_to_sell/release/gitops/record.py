"""What a deployment repository says of a model: one small file, written by a release, not trusted.

    models/<model>.json

Whoever can push to the repository writes it, and a program with rights to deploy reads it. So every field is
read strictly, names and addresses by pattern, and nothing that it does not know is passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from days_to_sell.errors import DeploymentError, PublishError
from days_to_sell.release.images.places import split_address

SCHEMA = 1
FOLDER, SUFFIX = "models", ".json"
MAX_BYTES = 64_000
ENGINES = ("python", "jvm")

_MODEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9])?")
_VERSION = re.compile(r"[1-9][0-9]{0,17}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_S3 = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/[A-Za-z0-9][A-Za-z0-9._=-]*)*")
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,254}@sha256:[0-9a-f]{64}")
_LINE = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]{0,500}")


@dataclass(frozen=True)
class Package:
    """Where a model package is.

    Args:
        digest: Its digest, which whoever fetches it holds it to.
        address: ``s3://bucket/prefix/<digest>``, or ``models:/<model>/<version>`` in MLflow's registry.
    """

    digest: str
    address: str


@dataclass(frozen=True)
class Promotion:
    """Who put the version in Production.

    Args:
        by: User.
        at: When, in UTC as ISO 8601.
        reason: Why; empty where nobody said.
    """

    by: str
    at: str
    reason: str = ""


@dataclass(frozen=True)
class Record:
    """What is to serve.

    Args:
        model: Name of the registered model.
        version: Its version.
        package: Its model package.
        engine: What computes its bundle: ``python`` or ``jvm``.
        image: Address of its image in a registry, by digest; empty where whoever deploys it builds one.
        golden_rows: Golden rows that the package holds, and that it was proven with.
        run: Run that trained it.
        code: Commit of the code that trained it.
        data: Digest of the training data.
        estimator: What kind of model it is.
        figures: What training found, by name.
        promoted: Who put it in Production; ``None`` where the event log does not say.
    """

    model: str
    version: str
    package: Package
    engine: str
    image: str = ""
    golden_rows: int = 0
    run: str = ""
    code: str = ""
    data: str = ""
    estimator: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    promoted: Promotion | None = None

    @property
    def path(self) -> str:
        """Path of its file in the repository."""
        return path_of(self.model)

    def deploys_as(self, other: Record | None) -> bool:
        """Whether another record has the very same served: who promoted it when makes no difference."""
        return other is not None and self._served() == other._served()

    def to_text(self) -> str:
        """Write it as the file has it: the same text for the same record."""
        whole = {"schema": SCHEMA, **asdict(self)}
        return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"

    def _served(self) -> tuple[object, ...]:
        return (self.model, self.version, self.package, self.engine, self.image)


def path_of(model: str) -> str:
    """Name the file of a model in a deployment repository.

    >>> path_of("days-to-sell")
    'models/days-to-sell.json'

    Raises:
        DeploymentError: The model has a name that no file gets.
    """
    return f"{FOLDER}/{_matching(model, _MODEL, 'model', 'a name of letters, digits and . _ -')}{SUFFIX}"


def read_record(text: bytes | str, path: str) -> Record:
    """Read a file of a deployment repository.

    Args:
        text: What it holds.
        path: Its path, for messages; its last part has to be that of the model.

    Raises:
        DeploymentError: It is no record; the message names the field.
    """
    try:
        return _record(_json(text), path)
    except DeploymentError as error:
        raise DeploymentError(f"{path}: {error}; revert the commit that wrote it, or commit anew") from error


def _json(text: bytes | str) -> dict[str, Any]:
    if len(text) > MAX_BYTES:
        raise DeploymentError(f"it has more than {MAX_BYTES} bytes")
    try:
        raw = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise DeploymentError(f"it is no JSON, {error}") from error
    if not isinstance(raw, dict):
        raise DeploymentError("it holds no object")
    return raw


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        # Whoever reviews it may see the one, and a program take the other.
        raise DeploymentError(f"it names {', '.join(twice)} twice")
    return dict(pairs)


def _record(raw: dict[str, Any], path: str) -> Record:
    if raw.get("schema") != SCHEMA or type(raw.get("schema")) is not int:
        raise DeploymentError(f"schema is {raw.get('schema')!r:.40}; this toolkit reads {SCHEMA}")
    _names(raw, {"schema", *Record.__dataclass_fields__}, "it")
    model = _matching(raw["model"], _MODEL, "model", "a name of letters, digits and . _ -")
    if not path.endswith(f"{model}{SUFFIX}") or path.rpartition("/")[2] != f"{model}{SUFFIX}":
        raise DeploymentError(f"it is about {model}, whose file is {path_of(model)}")
    version = _matching(raw["version"], _VERSION, "version", "a whole number above zero, as text")
    return Record(
        model=model,
        version=version,
        package=_package(raw["package"], model, version),
        engine=_one_of(raw["engine"]),
        image=_image(raw["image"]),
        golden_rows=_count(raw["golden_rows"]),
        **{name: _matching(raw[name], _LINE, name, "one line") for name in _LINES},
        figures=_figures(raw["figures"]),
        promoted=_promotion(raw["promoted"]),
    )


_LINES = ("run", "code", "data", "estimator")


def _package(raw: object, model: str, version: str) -> Package:
    fields = _object(raw, Package, "package")
    digest = _matching(fields["digest"], _DIGEST, "package.digest", "sha256: and 64 digits")
    address = fields["address"]
    if address == f"models:/{model}/{version}":
        return Package(digest, address)
    form = f"s3://bucket/prefix/{digest.removeprefix('sha256:')}, or models:/{model}/{version}"
    _matching(address, _S3, "package.address", form)
    if address.rpartition("/")[2] != digest.removeprefix("sha256:"):
        raise DeploymentError(f"package.address {address} is not that of package.digest; write {form}")
    return Package(digest, address)


def _image(raw: object) -> str:
    if raw == "":
        return ""
    image = _matching(raw, _IMAGE, "image", "repository@sha256:..., or leave it empty")
    try:
        split_address(image)
    except PublishError as error:
        raise DeploymentError(f"image: {error}") from error
    return image


def _promotion(raw: object) -> Promotion | None:
    if raw is None:
        return None
    fields = _object(raw, Promotion, "promoted")
    said = {name: _matching(fields[name], _LINE, f"promoted.{name}", "one line") for name in fields}
    return Promotion(**said)


def _figures(raw: object) -> dict[str, float]:
    if not isinstance(raw, dict):
        raise DeploymentError(f"figures is {raw!r:.40}; write an object of numbers")
    for name, value in raw.items():
        _matching(name, _LINE, "the name of a figure", "one line")
        if type(value) not in (int, float) or value != value or abs(value) == float("inf"):
            raise DeploymentError(f"figures.{name:.40} is {value!r:.40}; write a number")
    return {name: float(value) for name, value in raw.items()}


def _object(raw: object, of: type, name: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise DeploymentError(f"{name} is {raw!r:.40}; write an object")
    _names(raw, set(of.__dataclass_fields__), name)  # type: ignore[attr-defined]
    return raw


def _names(raw: dict[str, Any], known: set[str], what: str) -> None:
    missing, unknown = sorted(known - raw.keys()), sorted(raw.keys() - known)
    if missing or unknown:
        wrong = [f"lacks {name}" for name in missing] + [f"holds {name!r:.40}" for name in unknown]
        raise DeploymentError(f"{what} {', '.join(wrong)}")


def _matching(value: object, pattern: re.Pattern[str], name: str, form: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise DeploymentError(f"{name} is {value!r:.80}; write {form}")
    return value


def _one_of(value: object) -> str:
    if value not in ENGINES:
        raise DeploymentError(f"engine is {value!r:.40}; write one of {', '.join(ENGINES)}")
    return str(value)


def _count(value: object) -> int:
    if type(value) is not int or value < 0:
        raise DeploymentError(f"golden_rows is {value!r:.40}; write a whole number")
    return value
