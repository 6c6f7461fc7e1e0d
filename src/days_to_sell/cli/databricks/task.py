"""What the retraining job runs on its cluster."""

from __future__ import annotations

import os
import sys


def retrain() -> None:
    """Run ``days-to-sell train`` with the parameters of the task, and return.

    The command line ends its process with a code; here that is the platform's, which errors have to reach.
    """
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    from days_to_sell.cli.train import train

    train.main(args=sys.argv[1:], prog_name="days-to-sell train", standalone_mode=False)
