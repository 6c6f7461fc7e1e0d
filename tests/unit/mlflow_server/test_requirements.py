"""The MLflow server's environment: smaller than the toolkit's, and enough for the registry store."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).parents[3] / "requirements"
# What the toolkit has and the server has not, as it is imported.
ABSENT = ("pyspark", "py4j", "great_expectations", "lifelines", "jpype", "gevent", "cyclonedx")
PROGRAM = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {ABSENT!r}:
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Absent())
from days_to_sell.registry.gates.door import spec_of
from days_to_sell.registry.store.bytes import digest_of
from days_to_sell.registry.store.prepare import prepare_database
from days_to_sell.registry.store.stores import open_store
from days_to_sell.cli import cli
assert cli.get_command(None, "prepare-database")
print(spec_of("days-to-sell").name)
"""


def pinned(name: str) -> dict[str, str]:
    """The versions of a lock, by distribution."""
    text = (REQUIREMENTS / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;\\]+)", text, flags=re.MULTILINE))


def test_the_store_does_without_what_the_server_has_not() -> None:
    """Gates are asked of a model's spec, and its training data are nobody's business there."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120, check=False
    )
    assert (ended.returncode, ended.stdout.strip()) == (0, "days-to-sell"), ended.stderr[-2000:]


def test_server_and_clients_have_the_same_versions() -> None:
    """The client of MLflow that trains is the one that the server was tested with."""
    server, toolkit = pinned("mlflow.txt"), pinned("toolkit.txt")
    assert {"mlflow", "psycopg", "boto3", "flask-wtf"} <= set(server)
    assert {name: version for name, version in server.items() if toolkit.get(name, version) != version} == {}
    assert not {"pyspark", "great-expectations", "gevent"} & set(server)
