"""A workspace on this machine: a real HTTP server that takes what the published REST API takes, nothing else.

It keeps folders, notebooks, files and jobs; refuses every request that :mod:`tests.databricks_fields` finds a
fault with; and can be told to refuse, to be busy or to break off. For ``mlflow run`` it also keeps uploads
and runs, and answers the few calls of MLflow's tracking API that a project makes.
"""

from __future__ import annotations

import base64
import binascii
import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.databricks_fields import REQUESTS, faults, more_faults

Json = dict[str, Any]
Answer = tuple[int, Json]
LARGEST_CONTENT = 10 * 1024 * 1024
FIRST_LINE = b"# Databricks notebook source\n"


@dataclass(frozen=True)
class Trouble:
    """What happens to one request instead of an answer.

    Args:
        path: How the path of the request ends.
        status: Status it gets; 0 to break off without an answer.
        headers: Headers beside.
        after: Whether the request is carried out before that.
        body: Text of the answer; an error of the API when not given.
    """

    path: str
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    after: bool = False
    body: str | None = None


@dataclass
class DatabricksWorkspace:
    """What the workspace holds, and what was asked of it.

    Args:
        token: The one that it takes.
        page: Jobs on a page, whatever is asked for.
    """

    token: str = "dapi-of-the-tests"
    page: int = 2
    url: str = ""
    folders: set[str] = field(default_factory=lambda: {"/", "/Shared", "/Users"})
    notebooks: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    jobs: dict[int, Json] = field(default_factory=dict)
    runs: dict[int, Json] = field(default_factory=dict)
    uploads: dict[str, bytes] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    troubles: deque[Trouble] = field(default_factory=deque)
    asked: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def answer(self, method: str, path: str, request: Json) -> Answer:
        """Hold a request against the API, and carry it out."""
        if path.startswith("/api/2.0/mlflow/"):
            return self._mlflow(path.removeprefix("/api/2.0/mlflow/"), request)
        kind = REQUESTS.get((method, path))
        if kind is None:
            self.refused.append(f"{method} {path} is no request of the API")
            return _error(404, "ENDPOINT_NOT_FOUND", f"No API found for '{method} {path}'")
        found = [*faults(request, kind), *more_faults(request)]
        if found:
            self.refused += found
            return _error(400, "INVALID_PARAMETER_VALUE", "; ".join(found))
        return getattr(self, "_" + "_".join(path.split("/")[3:]).replace("-", "_"))(request)

    def _workspace_mkdirs(self, request: Json) -> Answer:
        parts = request["path"].split("/")
        if parts[0] or not all(parts[1:]):
            return _error(400, "INVALID_PARAMETER_VALUE", f"{request['path']} is no absolute path")
        above = ["/".join(parts[: n + 1]) for n in range(1, len(parts))]
        taken = [path for path in above if path in self.notebooks or path in self.files]
        if taken:
            return _error(400, "RESOURCE_ALREADY_EXISTS", f"{taken[0]} is no directory")
        self.folders.update(above)
        return 200, {}

    def _workspace_import(self, request: Json) -> Answer:
        path = request["path"]
        if path.rpartition("/")[0] not in self.folders:
            return _error(404, "RESOURCE_DOES_NOT_EXIST", f"The parent folder of {path} does not exist.")
        if len(request["content"]) > LARGEST_CONTENT:
            return _error(400, "MAX_NOTEBOOK_SIZE_EXCEEDED", path)
        try:
            content = base64.b64decode(request["content"], validate=True)
        except binascii.Error:
            return _error(400, "INVALID_PARAMETER_VALUE", "content is no base64")
        if not request.get("overwrite") and (path in self.notebooks or path in self.files):
            return _error(400, "RESOURCE_ALREADY_EXISTS", f"Path ({path}) already exists.")
        # AUTO looks at extension and first line.
        notebook = request["format"] != "AUTO" or content.startswith(FIRST_LINE)
        (self.notebooks if notebook else self.files)[path] = content
        return 200, {}

    def _jobs_list(self, request: Json) -> Answer:
        numbers = sorted(self.jobs, reverse=True)
        if "name" in request:
            numbers = [n for n in numbers if self.jobs[n]["name"].lower() == request["name"].lower()]
        first = int(request.get("page_token", 0))
        last = first + min(request.get("limit", 20), self.page)
        page = [
            {"job_id": n, "settings": {k: v for k, v in self.jobs[n].items() if k != "tasks"}}
            for n in numbers[first:last]
        ]
        # An empty page has no jobs at all, as the real one has none.
        more = (
            {"has_more": True, "next_page_token": str(last)} if last < len(numbers) else {"has_more": False}
        )
        return 200, ({"jobs": page} if page else {}) | more

    def _jobs_get(self, request: Json) -> Answer:
        if request["job_id"] not in self.jobs:
            return _error(400, "INVALID_PARAMETER_VALUE", f"Job {request['job_id']} does not exist.")
        return 200, {"job_id": request["job_id"], "settings": self.jobs[request["job_id"]]}

    def _jobs_create(self, request: Json) -> Answer:
        number = max(self.jobs, default=700) + 1
        self.jobs[number] = {"name": "Untitled", "format": "MULTI_TASK", **request}
        return 200, {"job_id": number}

    def _jobs_reset(self, request: Json) -> Answer:
        if request["job_id"] not in self.jobs:
            return _error(400, "INVALID_PARAMETER_VALUE", f"Job {request['job_id']} does not exist.")
        self.jobs[request["job_id"]] = {"format": "MULTI_TASK", **request["new_settings"]}
        return 200, {}

    def _jobs_runs_submit(self, request: Json) -> Answer:
        number = max(self.runs, default=900) + 1
        self.runs[number] = request
        return 200, {"run_id": number}

    def _jobs_runs_get(self, request: Json) -> Answer:
        if request["run_id"] not in self.runs:
            return _error(400, "INVALID_PARAMETER_VALUE", f"Run {request['run_id']} does not exist.")
        state = {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS"}
        page = f"{self.url}/#job/1/run/{request['run_id']}"
        return 200, {"job_id": 1, "run_id": request["run_id"], "state": state, "run_page_url": page}

    def _dbfs_get_status(self, request: Json) -> Answer:
        content = self.uploads.get(request["path"])
        if content is None:
            return _error(
                404, "RESOURCE_DOES_NOT_EXIST", f"No file or directory exists on path {request['path']}."
            )
        return 200, {"path": request["path"], "is_dir": False, "file_size": len(content)}

    def _mlflow(self, call: str, request: Json) -> Answer:
        info = {
            "run_id": "1" * 32, "run_uuid": "1" * 32, "experiment_id": "7", "status": "RUNNING",
            "artifact_uri": "", "start_time": 1, "lifecycle_stage": "active",
        }  # fmt: skip
        if call == "runs/set-tag":
            self.tags[request["key"]] = request["value"]
        if call == "runs/create":
            self.tags.update((tag["key"], tag["value"]) for tag in request.get("tags", []))
        if call in ("runs/create", "runs/get", "runs/update"):
            return 200, {"run": {"info": info, "data": {}}, "run_info": info}
        if call in ("runs/set-tag", "runs/log-parameter", "runs/log-batch"):
            return 200, {}
        if call in ("experiments/get", "experiments/get-by-name"):
            experiment = {"experiment_id": "7", "name": "/Shared/retraining", "lifecycle_stage": "active"}
            return 200, {"experiment": {**experiment, "artifact_location": "dbfs:/databricks/mlflow/7"}}
        self.refused.append(f"mlflow/{call} is not known here")
        return _error(404, "ENDPOINT_NOT_FOUND", call)


class _Handler(BaseHTTPRequestHandler):
    workspace: DatabricksWorkspace
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def _handle(self) -> None:
        workspace, parts = self.workspace, urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if parts.path.startswith("/.well-known/") or parts.path.startswith("/oidc/"):
            # databricks-sdk looks there, without a token, for how to sign in.
            return self._send(404, {})
        workspace.asked.append(f"{self.command} {parts.path}")
        if self.headers.get("Authorization") != f"Bearer {workspace.token}":
            return self._send(
                401, _error(401, "UNAUTHENTICATED", "Credential was not sent or was invalid")[1]
            )
        trouble = self._trouble(parts.path)
        if trouble is None or trouble.after:
            status, answer = self._answer(parts.path, parts.query, body)
        if trouble is None:
            return self._send(status, answer)
        if trouble.status:
            said = (
                trouble.body if trouble.body is not None else _error(0, "TROUBLE", "as the test wants it")[1]
            )
            return self._send(trouble.status, said, trouble.headers)
        self.close_connection = True
        return None

    def _trouble(self, path: str) -> Trouble | None:
        troubles = self.workspace.troubles
        return troubles.popleft() if troubles and path.endswith(troubles[0].path) else None

    def _answer(self, path: str, query: str, body: bytes) -> Answer:
        workspace = self.workspace
        if path.startswith("/dbfs/"):
            workspace.uploads[unquote(path).removeprefix("/dbfs")] = body
            return 200, {}
        kind = self.headers.get("Content-Type", "")
        if body and not kind.startswith("application/json"):
            workspace.refused.append(f"{path} came as {kind!r}")
            return _error(400, "MALFORMED_REQUEST", f"Content-Type is {kind!r}")
        request: Json = json.loads(body) if body else {}
        for name, value in parse_qsl(query):
            request[name] = int(value) if name in ("limit", "job_id", "run_id") else value
        return workspace.answer(self.command, path, request)

    def _send(self, status: int, answer: Json | str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        content = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        self.send_response(status)
        for name, value in (*headers, ("Content-Length", str(len(content)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing; what was asked is kept."""


def _error(status: int, code: str, message: str) -> Answer:
    return status, {"error_code": code, "message": message}


@contextmanager
def serving(workspace: DatabricksWorkspace) -> Iterator[DatabricksWorkspace]:
    """Serve a workspace on a free port for a while."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"workspace": workspace}))
    server.daemon_threads = True
    workspace.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield workspace
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
