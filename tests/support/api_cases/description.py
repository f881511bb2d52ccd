"""The API's own description, as generated cases read it: operations, and what an answer must look like."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from jsonschema import Draft202012Validator, FormatChecker

from chalicelib.api.openapi import document

MOST_BYTES = 1_000_000  # of an answer that is JSON
PROBLEM = "application/problem+json"
FORMATS = FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def _is_a_time(text):
    return not isinstance(text, str) or datetime.fromisoformat(text).tzinfo is not None


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    name: str
    is_public: bool
    parameters: tuple
    body: dict | None  # the schema of what it takes, whole
    is_body_optional: bool
    responses: dict

    @property
    def takes(self):
        """The names in its path."""
        return re.findall(r"\{(\w+)\}", self.path)

    def queried(self):
        return {each["name"]: each["schema"] for each in self.parameters if each["in"] == "query"}

    def success(self):
        return min(status for status in self.responses if status < "400")

    def links(self):
        """Give the links from its answer, by the name of the operation that they lead to."""
        return self.responses[self.success()].get("links", {})

    @cached_property
    def gives(self):
        """Give the name of each id in its answer and where it stands, as the links to other operations say."""
        found = set()
        for link in self.links().values():
            found |= {(name, each.partition("#")[2]) for name, each in link.get("parameters", {}).items()}
        return sorted(found)


def whole(schema, schemas, *, is_closed=False):
    """Put what a schema refers to in its place; closed, an object has no member beside those it names."""
    if isinstance(schema, list):
        return [whole(each, schemas, is_closed=is_closed) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        rest = {name: value for name, value in schema.items() if name != "$ref"}
        return whole(schemas[schema["$ref"].rpartition("/")[2]] | rest, schemas, is_closed=is_closed)
    made = {name: whole(value, schemas, is_closed=is_closed) for name, value in schema.items()}
    if is_closed and isinstance(made.get("properties"), dict):
        made.setdefault("additionalProperties", False)
    return made


class Description:
    """All operations, and what of an answer is not as they say."""

    def __init__(self, described=None):
        described = described or document()
        self._schemas = described["components"]["schemas"]
        self.operations = {
            made["operationId"]: self._operation(path, method, made)
            for path, methods in described["paths"].items()
            for method, made in methods.items()
        }
        self._validators = {}

    def _operation(self, path, method, made):
        body = made.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        return Operation(
            method=method.upper(),
            path=path,
            name=made["operationId"],
            is_public=made["security"] == [],
            parameters=tuple(made["parameters"]),
            body=whole(body, self._schemas) if body else None,
            is_body_optional=not made.get("requestBody", {}).get("required", False),
            responses=made["responses"],
        )

    def takes_body(self, operation, body):
        """Whether a body is as its operation describes it."""
        key = (operation.name, "body")
        if key not in self._validators:
            self._validators[key] = Draft202012Validator(operation.body)
        return self._validators[key].is_valid(body)

    def faults(self, operation, answer):
        """Yield what of an answer is not as the description says. `operation` is None where a path has none."""
        if answer.status >= 500:
            yield f"a {answer.status}"
        if answer.status >= 400:
            yield from self._faults_of_refusal(answer)
        if operation is None or answer.status == 405:
            if answer.status < 400:
                yield f"a {answer.status} where nothing is described"
            return
        described = operation.responses.get(str(answer.status))
        if described is None:
            yield f"{answer.status} is not described"
            return
        content = described.get("content", {})
        kind = answer.headers.get("content-type", "").partition(";")[0]
        if content and kind not in content:
            yield f"{kind or 'no type'} is not described for {answer.status}, only {sorted(content)}"
        elif not content and answer.content:
            yield f"{answer.status} has content, and none is described"
        elif "schema" in content.get(kind, {}):
            yield from self._faults_of_body(operation, answer, content[kind]["schema"])

    def _faults_of_body(self, operation, answer, schema):
        if len(answer.content) > MOST_BYTES:
            yield f"{len(answer.content)} bytes"
        key = (operation.name, answer.status)
        if key not in self._validators:
            closed = whole(schema, self._schemas, is_closed=answer.status < 400)
            self._validators[key] = Draft202012Validator(closed, format_checker=FORMATS)
        for error in list(self._validators[key].iter_errors(answer.json))[:3]:
            yield f"{answer.status}: {error.json_path}: {error.message[:200]}"

    @staticmethod
    def _faults_of_refusal(answer):
        headers = answer.headers
        if headers.get("content-type") != PROBLEM:
            yield f"a {answer.status} of type {headers.get('content-type')}"
            return
        body = answer.json
        if body.get("status") != answer.status or not body.get("message") or not body.get("detail"):
            yield f"a {answer.status} that says {str(body)[:200]}"
        if body.get("instance") != headers.get("x-request-id") or not body.get("instance"):
            yield f"a {answer.status} without its request's id"
        wanted = {401: "www-authenticate", 429: "retry-after", 503: "retry-after", 405: "allow"}.get(answer.status)
        if wanted and wanted not in headers:
            yield f"a {answer.status} without {wanted}"


def at_pointer(value, pointer):
    """Yield what stands at a JSON pointer; at 0 in a list, of each of its items."""
    for part in pointer.strip("/").split("/"):
        if isinstance(value, list):
            rest = pointer.strip("/").partition("/")[2]
            for item in value:
                yield from at_pointer(item, rest) if rest else [item]
            return
        if not isinstance(value, dict) or part not in value:
            return
        value, pointer = value[part], pointer.strip("/").partition("/")[2]
    yield value
