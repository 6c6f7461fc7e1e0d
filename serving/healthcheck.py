"""The image's health check: ends with 0 when the service in this container is ready."""

from __future__ import annotations

import os
import sys
from http.client import HTTPConnection, HTTPException


def main() -> int:
    """Ask ``/readyz`` and tell by the exit code."""
    connection = HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or "8080"), timeout=3)
    try:
        connection.request("GET", "/readyz")
        reply = connection.getresponse()
        answer = reply.read().decode(errors="replace")
    except (OSError, HTTPException) as error:
        answer, ready = str(error), False
    else:
        ready = reply.status == 200
    finally:
        connection.close()
    # Docker keeps this text beside the state of the container.
    sys.stdout.write(answer)
    return 0 if ready else 1


if __name__ == "__main__":
    sys.exit(main())
