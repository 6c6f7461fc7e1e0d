"""What of MLflow a command leaves alone, and that it is there for whoever asks."""

from __future__ import annotations

import subprocess
import sys

LOOKS = """
import sys
from days_to_sell.cli.lean import leave_unused
leave_unused()
import days_to_sell.cli.rollback
before = "fastapi" in sys.modules, "mlflow.genai.judges" in sys.modules
import mlflow
assert callable(mlflow.genai.make_judge)
from mlflow.gateway.config import GatewayConfig
assert GatewayConfig.__module__ == "mlflow.gateway.config"
print(before)
"""


def test_a_command_starts_without_what_it_never_uses() -> None:
    """Neither judges of language models nor a web framework are imported for a rollback, and both can be."""
    ended = subprocess.run([sys.executable, "-c", LOOKS], capture_output=True, text=True, check=False)
    assert (ended.stdout, ended.returncode) == ("(False, False)\n", 0), ended.stderr
