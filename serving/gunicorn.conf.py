# ruff: noqa: N999 - gunicorn looks for a file of this name
"""Gunicorn's settings for the scoring service; address and number of workers are the environment's."""

from __future__ import annotations

import gc
import json
import os
import shutil
import sys
from typing import Any

from days_to_sell.errors import SettingsError
from days_to_sell.settings import PREFIX, Settings
from serving.telemetry.folder import make_folder, sweep


def _count(name: str, fallback: int) -> int:
    value = os.environ.get(name) or str(fallback)
    if not value.isdecimal() or int(value) == 0:
        sys.exit(f"{name} is {value!r}; set it to a whole number above zero")
    return int(value)


def _host() -> str:
    try:
        host = Settings.from_env().host
    except SettingsError as error:
        sys.exit(str(error))
    return f"[{host}]" if ":" in host else host


_COUNTERS = f"{PREFIX}COUNTERS"


def on_starting(server: Any) -> None:
    """Warn of an open door, and make the folder of the workers' counters unless the environment names one."""
    if Settings.from_env().api_keys_file is None:
        # Here, since every worker would say it again.
        server.log.warning(
            "whoever reaches this service may ask it; %s names a file of keys to change that",
            f"{PREFIX}API_KEYS_FILE",
        )
    if not os.environ.get(_COUNTERS):
        sweep(worker_tmp_dir)
        server.counters_folder = make_folder(worker_tmp_dir)
        os.environ[_COUNTERS] = server.counters_folder


def post_worker_init(_worker: Any) -> None:
    """Leave what was loaded out of the collections of garbage, which would hold requests up for it.

    Where this service may be followed by another on its socket, say that it has begun to answer.
    """
    gc.collect()
    gc.freeze()
    successor = Settings.from_env().successor
    if successor is not None:
        successor.with_name(f"{successor.name}.{os.getppid()}").touch()


def pre_exec(server: Any) -> None:
    """Become what is announced; gunicorn by itself would start the same service again."""
    successor = Settings.from_env().successor
    if successor is None:
        return
    announced = json.loads(successor.read_text(encoding="utf-8"))
    # A group of its own, so that ending the predecessor's leaves it alone.
    os.setsid()
    server.cfg.env_orig.clear()
    server.cfg.env_orig.update(announced["environment"])
    # gunicorn would run its own file as a script, from whose folder `http` is not the standard library's.
    server.START_CTX["args"] = [sys.executable, "-m", "gunicorn", *sys.argv[1:]]
    # Its number, for whoever announced it, before it could do anything; renamed, so that it is there whole.
    draft = successor.with_name(f"{successor.name}.draft")
    draft.write_text(str(os.getpid()), encoding="ascii")
    draft.rename(successor.with_name(f"{successor.name}.pid"))


def on_exit(server: Any) -> None:
    """Remove the folder of counters that was made here."""
    if hasattr(server, "counters_folder"):
        shutil.rmtree(server.counters_folder, ignore_errors=True)


wsgi_app = "serving.wsgi:create()"
bind = f"{_host()}:{_count('PORT', 8080)}"

# A slow client holds a sync worker: with gevent the others are answered meanwhile. gunicorn knows no deadline
# for bodies and replies; this worker does.
worker_class = "serving.one_send.OneSendWorker"
# Each open connection is one, idle or not, and a file; most systems allow a process 1,024.
worker_connections = 900
# The processors that this process may use, where the system tells; a container has fewer than its machine.
_processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
workers = _count("WEB_CONCURRENCY", _processors)
timeout = 30
# An idle connection counts as unfinished work here, and `docker stop` kills after ten seconds.
graceful_timeout = 8
# Longer than the idle timeout of common load balancers, so that they close a connection, never we.
keepalive = 75

# The root file system may be read-only: heartbeats and counters live in memory, and nobody controls a
# container by socket.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - gunicorn makes its own name
control_socket_disable = True

# The service writes its own, as JSON; what gunicorn refuses before the service sees it is in the error log.
accesslog = None
