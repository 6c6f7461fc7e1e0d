"""What a container may do, told by a program that looks around in it."""

from __future__ import annotations

import json

from docker.models.containers import Container

UNWANTED = ("pyspark", "mlflow", "pandas", "jpype", "py4j")
LOOK_FOR = f"""
import importlib.util, json, os, pathlib, shutil
status = dict(line.split(":", 1) for line in pathlib.Path("/proc/1/status").read_text().splitlines())
def refuses(path):
    try:
        pathlib.Path(path, "probe").touch()
    except OSError as error:
        return error.strerror
UNWANTED = {UNWANTED!r}
print(json.dumps({{
    "found": [name for name in UNWANTED if importlib.util.find_spec(name)],
    "java": shutil.which("java"),
    "uid": os.getuid(),
    "capabilities": [int(status["Cap" + name], 16) for name in ("Inh", "Prm", "Eff", "Bnd", "Amb")],
    "no new privileges": status["NoNewPrivs"].strip(),
    "writes": {{path: refuses(path) for path in ("/", "/srv/package", "/opt/service", "/var/tmp", "/tmp")}},
}}))
"""


def look_around(container: Container) -> dict[str, object]:
    """See from inside a container who runs there and what can be imported."""
    code, output = container.exec_run(["python", "-c", LOOK_FOR])
    assert code == 0, output
    return dict(json.loads(output))
