"""How the scoring image is built: without network, from a base that is named for good, the same each time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.models.images import Image

from days_to_sell.errors import TargetError
from days_to_sell.release.addresses import Addresses
from days_to_sell.release.images import labels
from days_to_sell.release.images.archive import pack
from days_to_sell.release.images.base_image import BaseImage, pin_base
from days_to_sell.release.images.build import build_context, build_image, fill_context
from days_to_sell.release.images.order import Order
from days_to_sell.release.site import Site
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.settings import Settings
from tests.packages import make_package

pytestmark = pytest.mark.parts
ROOT = Path(__file__).parents[2]
SECONDS = 240
ASK = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=5)"
# Builds as a release does, in a process whose network has been taken away.
BUILD_ALONE = """
import sys, urllib.request
from pathlib import Path
from days_to_sell.release.addresses import Addresses
from days_to_sell.release.engine import connect
from days_to_sell.release.images.build import build_image
from days_to_sell.release.site import Site
from days_to_sell.scoring.package import open_package
from days_to_sell.settings import Settings

listener, project, package = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
try:
    urllib.request.urlopen(listener, timeout=5)
except OSError:
    site = Site(Settings.from_env(), project, package.parent, Addresses(), print)
    print(build_image(connect(), site, open_package(package), "alone")[0])
else:
    sys.exit("the network was not cut")
"""
# Folders have the time at which the engine made them.
DESCRIBE = """
import hashlib, json, os, pathlib
found = {}
for root in ("/opt/service", "/srv"):
    for folder, folders, files in os.walk(root):
        for path in (pathlib.Path(folder, name) for name in (*folders, *files)):
            is_folder, told = path.is_dir() and not path.is_symlink(), path.lstat()
            content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
            target = os.readlink(path) if path.is_symlink() else ""
            time = 0 if is_folder else told.st_mtime
            found[str(path)] = [told.st_mode, told.st_uid, told.st_gid, time, content, target]
print(json.dumps(found))
"""


@dataclass
class Listener:
    """A server that containers of the engine's own network can reach.

    Args:
        url: Its address.
        asked: The paths that it was asked for.
    """

    url: str = ""
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def listener(engine: docker.DockerClient) -> Iterator[Listener]:
    """A server on the address under which the engine's containers reach this machine."""
    found = Listener()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    (bridge,) = engine.networks.get("bridge").attrs["IPAM"]["Config"]
    server = HTTPServer((bridge["Gateway"], 0), Answer)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    found.url = f"http://{bridge['Gateway']}:{server.server_port}"
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> ModelPackage:
    """The package that the images serve."""
    return make_package(tmp_path_factory.mktemp("build") / "package", model="built")


@pytest.fixture(scope="module")
def base(engine: docker.DockerClient) -> BaseImage:
    """The base image."""
    return pin_base(engine, Settings.from_env().base_image)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """What a release stands on."""
    return Site(Settings.from_env(), ROOT, tmp_path, Addresses(), print)


@pytest.fixture(scope="module", autouse=True)
def _swept(engine: docker.DockerClient) -> Iterator[None]:
    yield
    for image in engine.images.list(name="built"):
        for tag in image.tags:
            engine.images.remove(tag, force=True)


def test_a_build_that_reaches_for_the_network_finds_none(
    engine: docker.DockerClient, base: BaseImage, package: ModelPackage, listener: Listener, tmp_path: Path
) -> None:
    """A step that asks a server fails; under the engine's own rules the very same step is answered."""
    dockerfile = f"ARG BASE_IMAGE\nFROM $BASE_IMAGE\nRUN python3 -c '{ASK}' {listener.url}/from-a-build\n"
    (tmp_path / "Dockerfile").write_text(dockerfile, encoding="utf-8")
    order = Order(package, "reaching", "python", base)

    with pytest.raises(TargetError, match=r"(?s)cannot be built.*unreachable"):
        build_context(engine, tmp_path, order, {}, print)
    assert listener.asked == []

    engine.images.build(path=str(tmp_path), tag=order.image, buildargs=order.arguments, rm=True, forcerm=True)
    assert listener.asked == ["/from-a-build"]


def test_what_is_in_the_cache_is_enough(
    engine: docker.DockerClient, site: Site, package: ModelPackage, listener: Listener
) -> None:
    """With the wheels in the cache, a process without network makes the context and has the image built."""
    if os.geteuid() != 0 or not engine.api.base_url.startswith("http+docker"):
        pytest.skip("needs root, to take a process's network away, and an engine behind a local socket")
    build_image(engine, site, package, "before")
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-c", BUILD_ALONE, listener.url, str(ROOT), str(package.root)],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    name = done.stdout.splitlines()[-1]
    assert engine.images.get(name).labels[labels.PACKAGE_DIGEST] == package.digest
    assert listener.asked == []


def test_another_version_of_the_same_code_shares_all_layers_but_the_model(
    engine: docker.DockerClient, site: Site, package: ModelPackage, tmp_path: Path
) -> None:
    """The list of contents and the package are new, on top; how long that took is told."""
    lines: list[str] = []
    site = replace(site, report=lines.append)
    first, _ = build_image(engine, site, package, "1")
    second, _ = build_image(engine, site, make_package(tmp_path / "2", model="built", intercept=20.0), "2")

    one, two = (layers_of(engine.images.get(name)) for name in (first, second))
    assert len(one) == len(two)
    assert one[:-2] == two[:-2]
    assert one[-1] != two[-1]
    assert next(line for line in lines if line.startswith(f"built image {second} in "))


def test_what_was_built_is_not_built_again(
    engine: docker.DockerClient, site: Site, package: ModelPackage
) -> None:
    """The same package, version, code and base are the same image; one that was changed is built anew."""
    lines: list[str] = []
    site = replace(site, report=lines.append)
    name, size = build_image(engine, site, package, "once")
    before = engine.images.get(name).id

    assert build_image(engine, site, package, "once") == (name, size)
    assert engine.images.get(name).id == before
    assert f"image {name} is there, made of the same bytes" in lines

    repository, _, tag = name.partition(":")
    engine.api.tag(site.settings.base_image, repository, tag)
    build_image(engine, site, package, "once")
    assert engine.images.get(name).labels[labels.PACKAGE_DIGEST] == package.digest


def test_a_base_with_a_digest_is_built_on_by_it_even_when_its_name_moves(
    engine: docker.DockerClient, package: ModelPackage, base: BaseImage, tmp_path: Path
) -> None:
    """The build starts from what was looked up; one made here has an id alone, and that holds as well."""
    name = "built-on:moving"
    engine.api.tag(base.id, "built-on", "moving")
    pinned = pin_base(engine, name)
    assert (pinned.name, pinned.id) == (name, base.id)
    (tmp_path / "Dockerfile").write_text(
        "ARG BASE_IMAGE\nFROM $BASE_IMAGE\nRUN touch /moved\n", encoding="utf-8"
    )
    other = Order(package, "other", "python", pinned)
    try:
        build_context(engine, tmp_path, other, {}, print)
        engine.api.tag(other.image, "built-on", "moving")
        (tmp_path / "Dockerfile").write_text(
            "ARG BASE_IMAGE\nFROM $BASE_IMAGE\nRUN test ! -e /moved\n", encoding="utf-8"
        )
        build_context(engine, tmp_path, replace(other, version="moved"), {}, print)
    finally:
        engine.images.remove(name, force=True)


def test_labels_are_what_was_said_whatever_they_hold(
    engine: docker.DockerClient, package: ModelPackage, base: BaseImage, tmp_path: Path
) -> None:
    """Quotes, backslashes and variables of a Dockerfile in a model's name stay what they are."""
    (tmp_path / "Dockerfile").write_text("ARG BASE_IMAGE\nFROM $BASE_IMAGE\n", encoding="utf-8")
    said = {"a.title": """it's "$5" \\ ${HOME} # 100 %""", "a.version": "7 \\"}
    order = Order(package, "said", "python", base)

    build_context(engine, tmp_path, order, said, print)

    assert engine.images.get(order.image).labels == said


def test_building_twice_without_what_the_engine_keeps_makes_the_same_files(
    engine: docker.DockerClient, site: Site, package: ModelPackage, base: BaseImage, tmp_path: Path
) -> None:
    """Every file that is added to the base has the same bytes, rights, owner and time."""
    name, _ = build_image(engine, site, package, "again")
    before = engine.images.get(name)
    context = tmp_path / "context"
    context.mkdir()
    order = Order(package, "again", "python", base)
    fill_context(context, site, order)
    assert pack(context, tmp_path / "context.tar") == before.labels[labels.CONTEXT_DIGEST]
    build_context(engine, context, order, before.labels, print, cached=False)
    after = engine.images.get(name)

    assert after.id != before.id
    one, two = (files_of(engine, image) for image in (before, after))
    assert one == two
    assert len(one) > 1_000


def layers_of(image: Image) -> list[str]:
    """Digests of an image's layers, the base's first."""
    return list(image.attrs["RootFS"]["Layers"])


def files_of(engine: docker.DockerClient, image: Image) -> dict[str, list[Any]]:
    """Describe every file that an image adds to its base."""
    found: dict[str, list[Any]] = json.loads(
        engine.containers.run(image.id, ["python", "-c", DESCRIBE], remove=True)
    )
    return found
