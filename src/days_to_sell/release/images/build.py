"""Building the scoring image: from bytes that lie here, without network, the same ones for the same model."""

from __future__ import annotations

import tempfile
import textwrap
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import docker
from docker.errors import ImageNotFound

from days_to_sell.errors import TargetError
from days_to_sell.release.engine import engine_errors
from days_to_sell.release.image_size import ImageSize, image_size
from days_to_sell.release.images import labels
from days_to_sell.release.images.archive import pack
from days_to_sell.release.images.base_image import pin_base
from days_to_sell.release.images.context import assemble_context
from days_to_sell.release.images.order import Order, image_name
from days_to_sell.release.project import DOCKERFILE, source_address
from days_to_sell.release.site import Site
from days_to_sell.release.target import Report
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.training.spark.mleap_runtime import runtime_jars

STEP_WIDTH, LOG_LINES = 100, 60


def build_image(
    engine: docker.DockerClient, site: Site, package: ModelPackage, version: str, scored_by: str = "python"
) -> tuple[str, ImageSize]:
    """Build the image of a model version, unless the engine has it, made of the same bytes.

    Args:
        engine: Client of the engine.
        site: The project, its settings, and where to report.
        package: The verified model package.
        version: The registered version that it is.
        scored_by: What is to compute its bundle: ``python`` or ``jvm``.

    Returns:
        Name and tag of the image, and what it weighs.

    Raises:
        TargetError: It cannot be built; the message holds what the build said last.
    """
    base = pin_base(engine, site.settings.base_image)
    site.report(str(base))
    order = Order(package, version, scored_by, base)
    with tempfile.TemporaryDirectory(prefix="days-to-sell-image-") as drafts:
        context = Path(drafts) / "context"
        context.mkdir()
        sbom = fill_context(context, site, order)
        digest = pack(context, Path(drafts) / "context.tar")
        if _is_there(engine, order, digest):
            site.report(f"image {order.image} is there, made of the same bytes")
        else:
            site.report(f"building image {order.image}")
            started = time.monotonic()
            said = order.labels(sbom=sbom, context=digest, source=source_address(site.project))
            build_context(engine, context, order, said, site.report)
            site.report(f"built image {order.image} in {time.monotonic() - started:.1f} s")
    with engine_errors(f"weigh image {order.image}"):
        size = image_size(engine, order.image, base.id)
    site.report(f"image {order.image}, {size}")
    return order.image, size


def kept_image(
    engine: docker.DockerClient, package: ModelPackage, version: str, scored_by: str
) -> str | None:
    """Find the image that was built of a package before, whatever the code around it and its base are by now.

    Returns:
        Its name and tag; ``None`` where the engine has it not.

    Raises:
        TargetError: The engine does not answer.
    """
    name = image_name(package, version, scored_by)
    same = {
        labels.PACKAGE_DIGEST: package.digest,
        labels.MODEL_VERSION: version,
        labels.ENGINE: scored_by,
    }
    return name if same.items() <= _labels_of(engine, name).items() else None


def fill_context(context: Path, site: Site, order: Order) -> str:
    """Put all that the build needs into an empty folder, and a list of it.

    Returns:
        SHA-256 of the list, in hexadecimal digits.

    Raises:
        TargetError: Something is missing, or not what a lock names.
    """
    assemble_context(
        context,
        project=site.project,
        package=order.package,
        architecture=order.base.architecture,
        cache=site.settings.cache_dir,
        report=site.report,
        jars=runtime_jars(site.settings) if order.engine == "jvm" else (),
    )
    base = order.base
    from days_to_sell.release.images.sbom import Contents, write_sbom  # a rollback builds nothing

    contents = Contents(order.image, order.version, order.engine, base.name, base.identities)
    return write_sbom(context, order.package, contents)


def build_context(
    engine: docker.DockerClient,
    context: Path,
    order: Order,
    said: Mapping[str, str],
    report: Report,
    *,
    cached: bool = True,
) -> None:
    """Let the engine build a context.

    Args:
        engine: Client of the engine.
        context: What :func:`fill_context` filled.
        order: Which image it is.
        said: Its labels.
        report: Takes one line of progress.
        cached: Whether layers that the engine has may be taken.

    Raises:
        TargetError: It cannot be built; the message holds what the build said last.
    """
    dockerfile = f"{(context / DOCKERFILE).read_text(encoding='utf-8')}\n{labels.instruction(said)}\n"
    with tempfile.TemporaryDirectory(prefix="days-to-sell-image-") as drafts:
        archive = Path(drafts) / "context.tar"
        pack(context, archive, {DOCKERFILE: dockerfile.encode()})
        with engine_errors(f"build image {order.image}"), archive.open("rb") as content:
            _follow(_build(engine, content, order, cached=cached), order.image, report)


def _build(
    engine: docker.DockerClient, archive: BinaryIO, order: Order, *, cached: bool
) -> Iterator[dict[str, Any]]:
    steps: Iterator[dict[str, Any]] = engine.api.build(
        fileobj=archive,
        custom_context=True,
        tag=order.image,
        buildargs=order.arguments,
        nocache=not cached,
        # The context holds all that is installed: a build that reached for the network would be a mistake.
        network_mode="none",
        # An address of the proxy of whoever builds would get into the image's history.
        use_config_proxy=False,
        rm=True,
        forcerm=True,
        decode=True,
    )
    return steps


def _follow(steps: Iterable[dict[str, Any]], image: str, report: Report) -> None:
    lines: list[str] = []
    for step in steps:
        for line in str(step.get("stream", "")).splitlines():
            lines += [line.rstrip()] if line.strip() else []
            if line.startswith("Step "):
                report(textwrap.shorten(line, STEP_WIDTH, placeholder=" …"))
        if "error" in step:
            last = "\n".join(f"  {line}" for line in lines[-LOG_LINES:]) or "  (nothing)"
            raise TargetError(f"image {image} cannot be built: {step['error']}\n{last}")


def _is_there(engine: docker.DockerClient, order: Order, context: str) -> bool:
    same = {labels.CONTEXT_DIGEST: context, labels.BASE_ID: order.base.id}
    return same.items() <= _labels_of(engine, order.image).items()


def _labels_of(engine: docker.DockerClient, image: str) -> Mapping[str, str]:
    """Read an image's labels; none where the engine has it not."""
    with engine_errors(f"look for image {image}"):
        try:
            return dict(engine.images.get(image).labels)
        except ImageNotFound:
            return {}
