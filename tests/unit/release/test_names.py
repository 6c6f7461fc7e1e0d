"""Names made of a model's name."""

from __future__ import annotations

import pytest

from days_to_sell.release.names import deployment_name, short, slug


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("days-to-sell", "days-to-sell"),
        ("days_to_sell", "days-to-sell"),
        ("Days to Sell (UK)", "days-to-sell-uk"),
        ("../../etc", "etc"),
        ("日", "model"),
    ],
)
def test_any_model_gets_a_name_that_paths_images_and_containers_take(model: str, expected: str) -> None:
    """Registered models may be named freely."""
    assert slug(model) == expected


def test_a_deployment_is_named_after_model_and_environment() -> None:
    """There is one deployment of a model in an environment."""
    assert deployment_name("Days to Sell", "preprod") == "days-to-sell-preprod"


def test_a_digest_is_shortened_without_its_algorithm() -> None:
    """Tags of images take no colon."""
    assert short("sha256:0123456789abcdef") == "0123456789ab"
