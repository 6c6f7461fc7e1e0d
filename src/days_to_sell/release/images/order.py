"""Which image is wanted: what it is called, what its build is told, and what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from days_to_sell.release.images import labels
from days_to_sell.release.images.archive import EPOCH
from days_to_sell.release.images.base_image import BaseImage
from days_to_sell.release.names import short, slug
from days_to_sell.scoring.package import ModelPackage

# The list of its contents, in the folder of the service.
SBOM = "sbom.cdx.json"


def image_name(package: ModelPackage, version: str, engine: str) -> str:
    """Name an image and its tag: ``<model>:<version>-<digest>``, with ``-jvm`` behind it for that engine."""
    name = f"{slug(package.model)}:{version}-{short(package.digest)}"
    return f"{name}-jvm" if engine == "jvm" else name


@dataclass(frozen=True)
class Order:
    """Which image is wanted.

    Args:
        package: The verified model package.
        version: The registered version that it is.
        engine: What is to compute its bundle: ``python`` or ``jvm``.
        base: What the image stands on.
    """

    package: ModelPackage
    version: str
    engine: str
    base: BaseImage

    @property
    def image(self) -> str:
        """Name and tag."""
        return image_name(self.package, self.version, self.engine)

    @property
    def arguments(self) -> dict[str, str]:
        """The arguments of the Dockerfile."""
        return {
            "BASE_IMAGE": self.base.reference,
            "ENGINE": self.engine,
            "MODEL_VERSION": self.version,
            "PACKAGE_DIGEST": self.package.digest,
            "SOURCE_DATE_EPOCH": str(EPOCH),
        }

    def labels(self, *, sbom: str, context: str, source: str) -> dict[str, str]:
        """What the image says of itself without being run; nothing is said that is not known.

        Args:
            sbom: SHA-256 of the list of its contents.
            context: SHA-256 of the build context.
            source: Address of the repository with the code that builds it.
        """
        model, provenance = self.package.model, self.package.provenance
        said = {
            labels.TITLE: model,
            labels.DESCRIPTION: f"Scoring service of the model {model}",
            labels.LICENSES: "Apache-2.0",
            labels.VERSION: self.version,
            labels.REVISION: provenance.get("code_commit", ""),
            labels.SOURCE: source,
            labels.CREATED: datetime.now(UTC).isoformat(timespec="seconds"),
            labels.BASE_NAME: self.base.name,
            labels.BASE_DIGEST: self.base.digest,
            labels.BASE_ID: self.base.id,
            labels.MODEL: model,
            labels.MODEL_VERSION: self.version,
            labels.ENGINE: self.engine,
            labels.RUN_ID: provenance.get("run_id", ""),
            labels.DATA_DIGEST: provenance.get("training_data", ""),
            labels.PACKAGE_DIGEST: self.package.digest,
            # The list itself would be too long for a label, and each listing of images carries them all.
            labels.SBOM: f"/srv/{SBOM}",
            labels.SBOM_DIGEST: sbom,
            labels.CONTEXT_DIGEST: context,
        }
        return {name: value for name, value in said.items() if value}
