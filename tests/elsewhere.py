"""A Python with the libraries of this one, in which neither the toolkit nor Spark can be imported.

A .pth file in a folder that another .pth file names is not read, so the editable install is not there. MLflow
imports pyspark by itself wherever it finds it; there that import fails, as if it were not installed.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

# A line of a .pth file is run where it begins so; a system's own sitecustomize would hide one of ours.
WITHOUT_SPARK = "import sys; sys.modules.update(pyspark=None, py4j=None)\n"


def make_elsewhere(home: Path) -> Path:
    """Make the environment.

    Args:
        home: Folder for it.

    Returns:
        Its ``python``; programs of the libraries are beside it, as far as MLflow starts them by name.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True, timeout=60)
    packages = home / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    (packages / "libraries.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
    (packages / "without_spark.pth").write_text(WITHOUT_SPARK, encoding="utf-8")
    python = home / "bin" / "python"
    server = home / "bin" / "uvicorn"
    server.write_text(f"#!{python}\nfrom uvicorn.main import main\n\nmain()\n", encoding="utf-8")
    server.chmod(0o755)
    return python
