"""Names of files, images and containers, made of a model's name."""

from __future__ import annotations

import re


def short(digest: str) -> str:
    """First twelve hexadecimal digits of a digest.

    >>> short("sha256:0123456789abcdef")
    '0123456789ab'
    """
    return digest.removeprefix("sha256:")[:12]


def slug(model: str) -> str:
    """Name of a model in the letters that file systems, image tags and container names all take.

    >>> slug("Days to Sell (UK)")
    'days-to-sell-uk'
    """
    return re.sub(r"[^a-z0-9]+", "-", model.lower()).strip("-") or "model"


def deployment_name(model: str, environment: str) -> str:
    """Name of the one deployment of a model in an environment."""
    return f"{slug(model)}-{environment}"
