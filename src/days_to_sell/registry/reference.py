"""What new training data is compared with: the profile of the version in Production."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from days_to_sell.errors import PackageError, RegistryError
from days_to_sell.registry.versions import Registry
from days_to_sell.scoring.profile import Profile


def production_profile(registry: Registry, model: str, report: Callable[[str], None]) -> Profile | None:
    """Fetch the profile of the version in Production, where there is one.

    A registry that cannot give it does not stop a training: the report says that nothing was compared.

    Args:
        registry: The registry.
        model: Name of the registered model.
        report: Takes a line on what is compared with, or why nothing is.
    """
    try:
        version = registry.production(model) if registry.versions(model) else None
        if version is None:
            report(f"no version of {model} is in Production, so drift has nothing to be measured against")
            return None
        with tempfile.TemporaryDirectory() as scratch:
            profile = registry.fetch_package(version, Path(scratch) / "package").profile
    except (RegistryError, PackageError) as error:
        report(f"drift is not looked for: {error}")
        return None
    if profile is None:
        report(f"version {version.version} of {model} has no profile, so drift is not looked for")
    else:
        report(f"drift is measured against version {version.version} of {model}, in Production")
    return profile
