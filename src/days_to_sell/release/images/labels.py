"""The names of an image's labels: the build writes them, and whoever verifies an image reads them.

Those of ``org.opencontainers.image`` are read by other people's tools, ours lead from an image back to what
it was made of.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

OCI = "org.opencontainers.image"
TITLE, DESCRIPTION, LICENSES = f"{OCI}.title", f"{OCI}.description", f"{OCI}.licenses"
VERSION, REVISION, SOURCE = f"{OCI}.version", f"{OCI}.revision", f"{OCI}.source"
CREATED = f"{OCI}.created"
BASE_NAME, BASE_DIGEST = f"{OCI}.base.name", f"{OCI}.base.digest"

OURS = "io.github.days-to-sell"
MODEL, MODEL_VERSION, ENGINE = f"{OURS}.model", f"{OURS}.model-version", f"{OURS}.engine"
RUN_ID, DATA_DIGEST, PACKAGE_DIGEST = f"{OURS}.run-id", f"{OURS}.data-digest", f"{OURS}.package-digest"
SBOM, SBOM_DIGEST = f"{OURS}.sbom", f"{OURS}.sbom-sha256"
# The engine's own name of the base; the only one that a base has which came from no registry.
BASE_ID = f"{OURS}.base-id"
# Of the build context: two images with the same one, on the same base, were made of the same bytes.
CONTEXT_DIGEST = f"{OURS}.context-sha256"


def instruction(labels: Mapping[str, str]) -> str:
    """Write labels as one instruction of a Dockerfile: one for each would be a step of its own.

    >>> instruction({"a.title": 'costs "$5"'})
    'LABEL a.title="costs \\\\"\\\\$5\\\\""'
    """
    if not labels:
        return ""
    return "LABEL " + " ".join(f'{name}="{_quoted(value)}"' for name, value in sorted(labels.items()))


def _quoted(value: str) -> str:
    # A line break would begin another instruction.
    return re.sub(r'([\\"$])', r"\\\1", " ".join(value.split()))
