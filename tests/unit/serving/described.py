"""A client that holds every reply against the OpenAPI document of the service that gave it."""

from __future__ import annotations

import json
import re
from functools import cached_property
from typing import Any

import jsonschema
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from serving.problems import KINDS

PLACEHOLDER = re.compile(r"\{[^}]+\}")


class DescribedClient(FlaskClient):
    """Asserts of every reply that the document describes it: status, content type, headers and body."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Ask, and judge what is answered."""
        reply = super().open(*args, **kwargs)
        request = reply.request
        # A reply to HEAD has no body, and Flask answers OPTIONS.
        if request.method not in ("HEAD", "OPTIONS"):
            self._judge(request.method.lower(), request.path, reply)
        return reply

    @cached_property
    def document(self) -> dict[str, Any]:
        """The document, without a request that would be counted."""
        found: dict[str, Any] = self.application.view_functions["/openapi.json"]().get_json()  # type: ignore[union-attr]
        return found

    def _judge(self, method: str, path: str, reply: TestResponse) -> None:
        described = self._described(method, path, reply.status_code)
        for name, header in described.get("headers", {}).items():
            assert name in reply.headers or not self._resolve(header)["required"], f"{path}: no {name}"
        if reply.status_code == 304:
            return
        content = described["content"]
        assert reply.mimetype in content, f"{method} {path} answered {reply.mimetype}, not {set(content)}"
        schema = content[reply.mimetype].get("schema")
        if schema is not None:
            text = reply.get_data(as_text=True)
            value = json.loads(text) if reply.mimetype.endswith("json") else text
            whole = {**schema, "components": self.document["components"]}
            jsonschema.Draft202012Validator(whole).validate(value)

    def _described(self, method: str, path: str, status: int) -> dict[str, Any]:
        for pattern, operations in self.document["paths"].items():
            fits = re.fullmatch(".+".join(map(re.escape, PLACEHOLDER.split(pattern))), path)
            if fits and method in operations:
                responses = operations[method]["responses"]
                assert str(status) in responses, f"{method} {path} answered {status}, not {set(responses)}"
                return self._resolve(responses[str(status)])
        # Where there is no operation, the kind of problem is described.
        names = {kind.status: kind.name for kind in KINDS}
        assert status in names, f"{method} {path}, which is not described, answered {status}"
        return self._resolve({"$ref": f"#/components/responses/{names[status]}"})

    def _resolve(self, value: dict[str, Any]) -> dict[str, Any]:
        found: Any = value
        if "$ref" in value:
            found = self.document
            for part in value["$ref"].removeprefix("#/").split("/"):
                found = found[part]
        return dict(found)
