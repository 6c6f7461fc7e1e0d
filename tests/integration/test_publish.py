"""Publishing to a real image registry, from a real engine."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import shutil
import subprocess
import tarfile
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import docker
import pytest
import requests
from click.testing import CliRunner

from days_to_sell.cli.publish import publish as command
from days_to_sell.errors import PublishError
from days_to_sell.release.images.attempts import Attempts
from days_to_sell.release.images.publish import publish, pull_by_digest
from stack.ports import free_port

pytestmark = pytest.mark.parts
SCRIPT = Path(__file__).parents[2] / ".ci" / "registry.sh"
SECONDS = 120
USER, PASSWORD = "somebody", "a-password-of-tests"
USERS = f"{USER}:$2b$05$abcdefghijklmnopqrstuueA.5djcjiTIZGfiZPkCs0FT7mnizswe\n"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
ONCE = Attempts(most=1)


@dataclass(frozen=True)
class ImageRegistry:
    """A registry of this test.

    Args:
        home: Folder of all that it writes.
        port: Port of the loopback address.
    """

    home: Path
    port: int

    @property
    def place(self) -> str:
        """What the setting names."""
        return f"127.0.0.1:{self.port}/days-to-sell"

    def start(self, users: Path | None = None) -> None:
        """Start it, and wait until it listens."""
        run("start", str(self.home), str(self.port), *([str(users)] if users else []))

    def stop(self) -> None:
        """End it; what was pushed stays."""
        run("stop", str(self.home))

    def writes(self) -> int:
        """Count the requests so far that were to change something."""
        lines = (self.home / "registry.log").read_text(encoding="utf-8").splitlines()
        return sum(f'"{verb} /v2/' in line for line in lines for verb in ("POST", "PUT", "PATCH"))

    def manifest(self, name: str, digest: str, verb: str = "GET") -> requests.Response:
        """Ask for a manifest, or have it removed."""
        repository = name.partition("/")[2]
        url = f"http://127.0.0.1:{self.port}/v2/{repository}/manifests/{digest}"
        with requests.Session() as session:
            session.trust_env = False
            return session.request(verb, url, headers={"Accept": MANIFEST}, timeout=SECONDS)


def run(*arguments: str) -> None:
    """Run the script that starts and ends registries."""
    done = subprocess.run(
        [str(SCRIPT), *arguments], capture_output=True, text=True, check=False, timeout=SECONDS
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def absent(tmp_path: Path) -> Iterator[ImageRegistry]:
    """A registry that was not started yet."""
    if shutil.which("docker-registry") is None:
        pytest.skip("needs an image registry: docker-registry, of the Debian package of that name")
    registry = ImageRegistry(tmp_path / "registry", free_port())
    yield registry
    registry.stop()


@pytest.fixture
def registry(absent: ImageRegistry) -> ImageRegistry:
    """A registry that runs, and lets everybody push."""
    absent.start()
    return absent


@pytest.fixture
def image(engine: docker.DockerClient) -> Iterator[str]:
    """An image of one small file, under a name of its own; all that its name stands in goes with it."""
    name = f"tiny-{uuid.uuid4().hex[:8]}"
    make_image(engine, f"{name}:7-aabb", name.encode())
    yield f"{name}:7-aabb"
    for found in engine.images.list():
        if any(name in known for known in (*found.tags, *found.attrs["RepoDigests"])):
            engine.images.remove(found.id, force=True)


def make_image(engine: docker.DockerClient, tag: str, content: bytes) -> None:
    """Import an image that holds one file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo("file")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    repository, _, version = tag.partition(":")
    engine.api.import_image_from_data(buffer.getvalue(), repository=repository, tag=version)


def never(seconds: float) -> None:
    """Fail where nothing is to be tried again."""
    pytest.fail(f"tried again after {seconds} s")


def forget(engine: docker.DockerClient, image: str) -> str:
    """Remove an image under all its names, and say which id it had."""
    found = engine.images.get(image)
    engine.images.remove(found.id, force=True)
    return str(found.id)


def test_a_published_image_has_an_address_that_gives_its_very_bytes(
    engine: docker.DockerClient, registry: ImageRegistry, image: str
) -> None:
    """The digest is that of the manifest in the registry; an engine without the image pulls it by that."""
    published = publish(engine, image, registry.place)

    assert published.pushed
    assert published.address == f"{registry.place}/{image.partition(':')[0]}@{published.digest}"
    manifest = registry.manifest(published.name, published.digest).content
    assert f"sha256:{hashlib.sha256(manifest).hexdigest()}" == published.digest
    before = forget(engine, image)
    assert json.loads(manifest)["config"]["digest"] == before
    with pytest.raises(docker.errors.ImageNotFound):
        engine.images.get(before)
    assert pull_by_digest(engine, published.address) == before
    assert pull_by_digest(engine, published.address, report=pytest.fail) == before


def test_what_the_registry_has_is_not_sent_again(
    engine: docker.DockerClient, registry: ImageRegistry, image: str
) -> None:
    """The second time nothing is written to it, and the address is the same."""
    first = publish(engine, image, registry.place)
    writes = registry.writes()
    assert writes > 0

    second = publish(engine, image, registry.place)

    assert (second.address, second.pushed) == (first.address, False)
    assert registry.writes() == writes


def test_what_the_registry_lost_is_sent_again(
    engine: docker.DockerClient, registry: ImageRegistry, image: str
) -> None:
    """The engine remembers that it pushed; the registry is asked whether it still has it."""
    first = publish(engine, image, registry.place)
    assert registry.manifest(first.name, first.digest, "DELETE").status_code == 202

    again = publish(engine, image, registry.place)

    assert (again.address, again.pushed) == (first.address, True)
    assert registry.manifest(first.name, first.digest).status_code == 200


def test_a_registry_that_comes_back_is_pushed_to(
    engine: docker.DockerClient, absent: ImageRegistry, image: str
) -> None:
    """The first attempt finds none; while the next is waited for, it is started."""
    lines: list[str] = []
    attempts = Attempts(pause=lambda seconds: absent.start())

    published = publish(engine, image, absent.place, report=lines.append, attempts=attempts)

    assert published.pushed
    assert any("no image registry answers" in line and "attempt 1 of 5" in line for line in lines)


def test_a_registry_that_never_answers_is_named(
    engine: docker.DockerClient, absent: ImageRegistry, image: str
) -> None:
    """After the last attempt the message says where nothing answers and what to set."""
    waits: list[float] = []

    with pytest.raises(
        PublishError, match=f"no image registry answers at 127.0.0.1:{absent.port} .*REGISTRY"
    ):
        publish(engine, image, absent.place, attempts=Attempts(most=3, pause=waits.append))
    assert len(waits) == 2


def test_credentials_are_those_of_docker_login_and_are_never_shown(
    engine: docker.DockerClient,
    absent: ImageRegistry,
    image: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without any and with wrong ones it is refused at once; who logs in meanwhile is let in."""
    users = tmp_path / "users"
    users.write_text(USERS, encoding="utf-8")
    absent.start(users)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    said: list[str] = []
    patient = Attempts(pause=never)

    for password in (None, "wrong-words", PASSWORD):
        auths = {} if password is None else {f"127.0.0.1:{absent.port}": {"auth": encoded(password)}}
        (tmp_path / "config.json").write_text(json.dumps({"auths": auths}), encoding="utf-8")
        if password == PASSWORD:
            assert publish(engine, image, absent.place, report=said.append, attempts=patient).pushed
        else:
            with pytest.raises(PublishError, match=f"docker login 127.0.0.1:{absent.port}") as caught:
                publish(engine, image, absent.place, report=said.append, attempts=patient)
            said.append(str(caught.value))
    shown = "\n".join(said)
    assert not any(secret in shown for secret in (PASSWORD, "wrong-words", encoded(PASSWORD)))


def encoded(password: str) -> str:
    """Write user and password as ``docker login`` does."""
    return base64.b64encode(f"{USER}:{password}".encode()).decode()


class WithoutTls(BaseHTTPRequestHandler):
    """Answers as a registry without TLS does."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def test_a_registry_without_tls_elsewhere_is_explained(engine: docker.DockerClient, image: str) -> None:
    """An engine speaks HTTP to its own machine alone; the message says what to do about it."""
    (bridge,) = engine.networks.get("bridge").attrs["IPAM"]["Config"]
    server = HTTPServer((bridge["Gateway"], 0), WithoutTls)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    place = f"{bridge['Gateway']}:{server.server_port}"
    try:
        with pytest.raises(PublishError, match=f"name {place} in `insecure-registries`"):
            publish(engine, image, place, attempts=Attempts(pause=never))
    finally:
        server.shutdown()
        server.server_close()


def test_a_tag_that_somebody_else_moved_is_noticed(
    engine: docker.DockerClient, registry: ImageRegistry, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the registry has under the tag after the push is held against what was pushed."""
    push, other = engine.api.push, f"{image}-other"
    make_image(engine, other, b"another")

    def meddled(repository: str, tag: str, **options: Any) -> Any:
        said = list(push(repository, tag, **options))
        engine.api.tag(other, repository, tag)
        list(push(repository, tag, stream=True))
        return iter(said)

    monkeypatch.setattr(engine.api, "push", meddled)
    with pytest.raises(PublishError, match=r"was pushed as sha256:.*but the registry has sha256:.* there"):
        publish(engine, image, registry.place, attempts=ONCE)


def test_the_command_prints_the_address_and_nothing_else(
    engine: docker.DockerClient, registry: ImageRegistry, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script can hand it to the engine that is to run the image; the setting names the registry."""
    monkeypatch.setenv("DAYS_TO_SELL_IMAGE_REGISTRY", registry.place)

    printed = CliRunner().invoke(command, [image], catch_exceptions=False).stdout

    before = forget(engine, image)
    assert pull_by_digest(engine, printed.removesuffix("\n")) == before


def test_an_image_that_was_never_built_is_named(engine: docker.DockerClient) -> None:
    """Before any registry is asked."""
    with pytest.raises(PublishError, match="there is no image never-built:1 in the engine; build it"):
        publish(engine, "never-built:1", "127.0.0.1:1/days-to-sell")


def test_an_image_that_the_registry_has_not_is_not_pulled(
    engine: docker.DockerClient, registry: ImageRegistry
) -> None:
    """The message says so at once."""
    with pytest.raises(PublishError, match=r"cannot pull .*(not found|unknown)"):
        pull_by_digest(engine, f"{registry.place}/nothing@sha256:{'0' * 64}", attempts=Attempts(pause=never))
