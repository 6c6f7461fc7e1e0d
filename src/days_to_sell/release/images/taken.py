"""An image that was built elsewhere, taken by its digest and held to what it says of itself."""

from __future__ import annotations

import docker

from days_to_sell.errors import PublishError
from days_to_sell.release.engine import engine_errors
from days_to_sell.release.images import labels
from days_to_sell.release.images.order import image_name
from days_to_sell.release.images.publish import pull_by_digest
from days_to_sell.release.target import Report
from days_to_sell.scoring.package import ModelPackage


def take_image(
    engine: docker.DockerClient,
    address: str,
    package: ModelPackage,
    version: str,
    scored_by: str,
    report: Report,
) -> str:
    """Give the engine a published image of a model version, under the name that one built here would have.

    Args:
        engine: Client of the engine.
        address: ``repository@sha256:...``.
        package: The verified package that has to be in it.
        version: The registered version that it is.
        scored_by: What is to compute its bundle.
        report: Takes one line of progress.

    Returns:
        Its name and tag.

    Raises:
        PublishError: The registry does not hand it out, or it is the image of something else.
        TargetError: The engine does not answer.
    """
    found = pull_by_digest(engine, address, report=report)
    due = {
        labels.MODEL: package.model,
        labels.MODEL_VERSION: version,
        labels.PACKAGE_DIGEST: package.digest,
        labels.ENGINE: scored_by,
    }
    name = image_name(package, version, scored_by)
    with engine_errors(f"look at image {address}"):
        image = engine.images.get(found)
        said = dict(image.labels)
        wrong = [
            f"{label} is {said.get(label)!r}, not {value!r}"
            for label, value in due.items()
            if said.get(label) != value
        ]
        if wrong:
            raise PublishError(f"{address} is another image than was said: {'; '.join(wrong)}")
        repository, _, tag = name.partition(":")
        image.tag(repository, tag)
    report(f"image {name} is {address}")
    return name
