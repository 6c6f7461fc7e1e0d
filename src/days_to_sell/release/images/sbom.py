"""What an image holds, as a CycloneDX bill of materials: written from the build context, into it.

Components are the wheels of the lock with their hashes, the toolkit's own wheel, the service, MLeap's jars
where the JVM engine is, the model package as a machine-learning model, and the base image by its digest.
Equal contexts give equal bytes: the serial number is made of the content, and there is no time in it.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from days_to_sell.errors import TargetError
from days_to_sell.release.images.order import SBOM
from days_to_sell.release.images.wheels import Wheel, read_locked_wheels, read_wheel
from days_to_sell.release.project import REQUIREMENTS, SERVING
from days_to_sell.scoring.package import MANIFEST, ModelPackage
from days_to_sell.training.spark.mleap_runtime.locked import Jar, locked_jars

PROPERTY = "days-to-sell"


@dataclass(frozen=True)
class Contents:
    """What an image is made of beside its build context.

    Args:
        image: Its name and tag.
        version: Registered version of the model.
        engine: What computes bundles in it: ``python`` or ``jvm``.
        base: Name of the base image.
        base_digests: What the engine knows the base image by: its id, and where it came from with a digest.
    """

    image: str
    version: str
    engine: str
    base: str
    base_digests: tuple[str, ...]


def write_sbom(context: Path, package: ModelPackage, contents: Contents) -> str:
    """Write the bill of materials of a build context into it.

    Returns:
        Its SHA-256, in hexadecimal digits.

    Raises:
        TargetError: A wheel or jar in the context is not one of the lock.
    """
    written = _to_json(_bill(context, package, contents))
    (context / SBOM).write_bytes(written)
    return hashlib.sha256(written).hexdigest()


def _bill(context: Path, package: ModelPackage, contents: Contents) -> Bom:
    bom = Bom(serial_number=uuid.UUID(int=0), components=_components(context, package, contents))
    name, _, tag = contents.image.partition(":")
    root = Component(
        type=ComponentType.CONTAINER,
        name=name,
        version=tag,
        bom_ref=contents.image,
        properties=_properties({"engine": contents.engine}),
    )
    bom.metadata.component = root
    bom.register_dependency(root, bom.components)
    return bom


def _components(context: Path, package: ModelPackage, contents: Contents) -> Iterator[Component]:
    requirements = context / REQUIREMENTS[contents.engine]
    for wheel in read_locked_wheels(context / "wheelhouse", requirements):
        yield _library(wheel, PackageURL("pypi", None, wheel.name, wheel.version))
    (toolkit,) = map(read_wheel, (context / "toolkit").glob("*.whl"))
    # It is on no index, where the same name may be another's.
    yield _library(toolkit, PackageURL("generic", None, toolkit.name, toolkit.version))
    yield Component(
        type=ComponentType.APPLICATION,
        name=SERVING,
        version=toolkit.version,
        bom_ref=SERVING,
        licenses=_licences(toolkit.licence),
        properties=_properties({"content-sha256": _digest_of(context / SERVING)}),
    )
    yield from map(_jar, _jars(context / "jars"))
    yield _model(package, contents.version)
    yield _base(contents)


def _library(wheel: Wheel, purl: PackageURL) -> Component:
    return Component(
        name=wheel.name,
        version=wheel.version,
        bom_ref=purl.to_string(),
        purl=purl,
        hashes=[_sha256(wheel.sha256)],
        licenses=_licences(wheel.licence),
        properties=_properties({"file": wheel.file}),
    )


def _jars(folder: Path) -> tuple[Jar, ...]:
    """Name the jars that lie in a folder: none, or all of the lock."""
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.jar")}
    if not found:
        return ()
    jars = locked_jars()
    listed = {jar.file: jar.sha256 for jar in jars}
    differing = sorted(name for name in found.keys() | listed if found.get(name) != listed.get(name))
    if differing:
        raise TargetError(
            f"{', '.join(differing)}: not what the list of MLeap's jars names; "
            "remove folder mleap-runtime of the cache"
        )
    return jars


def _jar(jar: Jar) -> Component:
    purl = PackageURL("maven", jar.group, jar.artifact, jar.version)
    return Component(
        group=jar.group,
        name=jar.artifact,
        version=jar.version,
        bom_ref=purl.to_string(),
        purl=purl,
        hashes=[_sha256(jar.sha256)],
    )


def _model(package: ModelPackage, version: str) -> Component:
    known = {"run-id": "run_id", "code-commit": "code_commit", "training-data": "training_data"}
    provenance = {name: package.provenance[key] for name, key in known.items() if key in package.provenance}
    hashes = {name: hashlib.sha256((package.root / name).read_bytes()).hexdigest() for name in package.files}
    return Component(
        type=ComponentType.MACHINE_LEARNING_MODEL,
        name=package.model,
        version=version,
        bom_ref=f"model:{package.model}@{version}",
        purl=PackageURL("mlflow", None, package.model, version),
        # The package's digest is that of its manifest, which names the digests of all its files.
        hashes=[_sha256(package.digest.removeprefix("sha256:"))],
        properties=_properties({"digest-of": MANIFEST, **provenance}),
        components=[
            Component(
                type=ComponentType.FILE,
                name=name,
                bom_ref=f"model:{package.model}@{version}/{name}",
                hashes=[_sha256(digest)],
            )
            for name, digest in hashes.items()
        ],
    )


def _base(contents: Contents) -> Component:
    return Component(
        type=ComponentType.CONTAINER,
        name=contents.base,
        bom_ref=f"base:{contents.base}",
        # An id is the digest of an image's configuration, not of a file that anybody could hash.
        properties=[Property(name=f"{PROPERTY}:digest", value=digest) for digest in contents.base_digests],
    )


def _licences(licence: str) -> list[Any]:
    return [LicenseFactory().make_from_string(licence)] if licence else []


def _sha256(digest: str) -> HashType:
    return HashType(alg=HashAlgorithm.SHA_256, content=digest)


def _properties(values: dict[str, str]) -> Iterable[Property]:
    return [Property(name=f"{PROPERTY}:{name}", value=value) for name, value in values.items()]


def _digest_of(folder: Path) -> str:
    """SHA-256 of what ``sha256sum`` prints of a folder's files in the order of their names."""
    lines = (
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _to_json(bom: Bom) -> bytes:
    content = json.loads(JsonV1Dot6(bom).output_as_string())
    # The library always writes the time; two lists of the same things would differ by it.
    del content["metadata"]["timestamp"], content["serialNumber"]
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    content["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_OID, digest).urn
    return (json.dumps(content, indent=1, sort_keys=True) + "\n").encode()
