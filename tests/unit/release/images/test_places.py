"""Names of repositories, made of what people write."""

from __future__ import annotations

import pytest

from days_to_sell.errors import PublishError
from days_to_sell.release.images.places import repository_of, split_address

DIGEST = f"sha256:{'0123456789abcdef' * 4}"


@pytest.mark.parametrize(
    ("registry", "repository"),
    [
        ("127.0.0.1:5001", "127.0.0.1:5001/model"),
        ("127.0.0.1:5001/", "127.0.0.1:5001/model"),
        ("registry.example/team/days-to-sell", "registry.example/team/days-to-sell/model"),
        ("localhost/days_to__sell.v1", "localhost/days_to__sell.v1/model"),
        ("[::1]:5001/team", "[::1]:5001/team/model"),
        ("docker.io/company", "docker.io/company/model"),
    ],
)
def test_an_image_is_one_repository_below_the_registry(registry: str, repository: str) -> None:
    """Host, port and path stand before the image's own name; its tag stays."""
    assert repository_of("model:7-aabb", registry) == (repository, "7-aabb")


@pytest.mark.parametrize(
    "registry",
    [
        "",
        "https://registry.example",
        "Registry.example/team",
        "registry.example//team",
        "registry.example/-team",
    ],
)
def test_what_is_no_registry_is_refused_with_the_form_to_write(registry: str) -> None:
    """The message shows an example."""
    with pytest.raises(PublishError, match=r"is no image registry; write host\[:port\]/path"):
        repository_of("model:7", registry)


def test_a_name_without_a_host_is_no_registry() -> None:
    """An engine would push ``company/model`` to a hub on the internet, where everybody can see it."""
    with pytest.raises(PublishError, match=r"'company' names no host.*or docker\.io/company"):
        repository_of("model:7", "company")


def test_a_password_in_the_address_is_not_repeated() -> None:
    """The message says where to put it instead."""
    with pytest.raises(PublishError, match="docker login") as caught:
        repository_of("model:7", "somebody:hunter2@registry.example/team")

    assert "hunter2" not in str(caught.value)
    assert "somebody" not in str(caught.value)


def test_an_address_is_taken_apart_at_its_digest() -> None:
    """A port is no tag."""
    assert split_address(f"127.0.0.1:5001/model@{DIGEST}") == ("127.0.0.1:5001/model", DIGEST)


@pytest.mark.parametrize("address", ["model:7", "model@sha256:abc", f"@{DIGEST}", f"model@{DIGEST}0"])
def test_an_address_without_a_digest_is_refused(address: str) -> None:
    """A tag can mean another image tomorrow."""
    with pytest.raises(PublishError, match="names no image by its digest"):
        split_address(address)
