"""Model packages by what people call them: a folder, an address on S3, a digest, a registered version."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from days_to_sell.errors import PackageError, SettingsError
from days_to_sell.scoring.package import ModelPackage, open_package
from days_to_sell.scoring.signature import require_signature
from days_to_sell.settings import PREFIX, Settings

ON_S3, DIGEST, REGISTERED = "s3://", "sha256:", "models:"


def tell(line: str) -> None:
    """Tell progress: what a command prints is for others to read."""
    click.echo(line, err=True)


def is_elsewhere(which: str) -> bool:
    """Whether a name is one of a package that is not on this machine."""
    return which.startswith((ON_S3, DIGEST, REGISTERED))


def place_for_packages(named: str | None, settings: Settings) -> str:
    """Give the place on S3 that is named, or else the one that is set.

    Raises:
        SettingsError: None is.
    """
    if place := named or settings.packages:
        return place
    raise SettingsError(
        f"no place for packages is named; set {PREFIX}PACKAGES or give --packages, such as s3://bucket/packages"
    )


def fetch(which: str, target: Path, place: str | None = None) -> ModelPackage:
    """Fetch a package that is not on this machine, and verify it.

    Args:
        which: ``s3://bucket/prefix/<digest>``, ``sha256:<digest>`` or ``models:/MODEL/VERSION``.
        target: Directory to become the package; it must not exist.
        place: Where digests are looked up; the one that is set when not given.

    Raises:
        DaysToSellError: There is none of that name, or it cannot be had whole.
    """
    settings = Settings.from_env()
    if which.startswith(REGISTERED):
        # MLflow takes seconds to import, and no other name needs it.
        from days_to_sell.cli.contract import find_version
        from days_to_sell.registry.versions import Registry

        registry = Registry()
        return registry.fetch_package(find_version(registry, which), target)
    from days_to_sell.registry.package_store import address_of, fetch_package_from_s3

    uri = which if which.startswith(ON_S3) else address_of(place_for_packages(place, settings), which)
    tell(f"fetching {uri}")
    return fetch_package_from_s3(uri, target, settings=settings, report=tell)


@contextmanager
def opened(which: str, place: str | None = None) -> Iterator[ModelPackage]:
    """Open a package wherever it is; what was fetched for it goes again at the end.

    Raises:
        DaysToSellError: There is none of that name, or it is damaged, or not signed by whoever is trusted.
    """
    if is_elsewhere(which):
        with tempfile.TemporaryDirectory(prefix="days-to-sell-package-") as scratch:
            yield fetch(which, Path(scratch) / "package", place)
        return
    if not Path(which).is_dir():
        raise PackageError(
            f"{which} is no folder; name one, s3://bucket/prefix/DIGEST, sha256:DIGEST or "
            "models:/MODEL/VERSION"
        )
    package = open_package(Path(which))
    require_signature(package, Settings.from_env().trusted_keys)
    yield package
