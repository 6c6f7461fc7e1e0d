"""What the service brings into its process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.packages import CAR, make_package

ROOT = Path(__file__).parents[3]
PROGRAM = """
import json, sys
from pathlib import Path
from days_to_sell.settings import Settings
from serving.wsgi import create
client = create().test_client()
status = client.post("/invocations", json={"instances": [json.loads(sys.argv[1])]}).status_code
print(json.dumps({"status": status, "modules": sorted({name.split(".")[0] for name in sys.modules})}))
"""


def test_scoring_imports_no_spark_mlflow_pandas_or_numpy(tmp_path: Path) -> None:
    """A service that has answered a request holds Flask and the standard library, nothing of training's."""
    package = make_package(tmp_path / "package")
    environment = {
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
        "DAYS_TO_SELL_PACKAGE": str(package.root),
        "DAYS_TO_SELL_ACCESS_LOG": "false",
        "HOME": str(tmp_path),
    }

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(CAR)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    seen = json.loads(done.stdout)
    assert seen["status"] == 200
    assert "flask" in seen["modules"]
    heavy = {"pyspark", "py4j", "mlflow", "pandas", "numpy", "pyarrow", "boto3", "docker"}
    assert heavy.isdisjoint(seen["modules"])
