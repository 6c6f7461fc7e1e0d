"""What gunicorn starts: the application over the package that the environment names."""

from __future__ import annotations

from flask import Flask
from gunicorn.errors import AppImportError

from days_to_sell.errors import DaysToSellError, SettingsError
from days_to_sell.scoring.package import open_package, require_digest
from days_to_sell.settings import Settings
from serving.app import create_app


def create() -> Flask:
    """Create the application from the environment.

    Raises:
        AppImportError: The environment or the package cannot be used; gunicorn prints the message alone and
            ends.
    """
    try:
        settings = Settings.from_env()
        if settings.package is None:
            raise SettingsError("DAYS_TO_SELL_PACKAGE is not set; name the directory of a model package")
        package = open_package(settings.package)
        require_digest(package, settings.package_digest)
        return create_app(package, settings)
    except DaysToSellError as error:
        raise AppImportError(f"the scoring service cannot start: {error}") from error
