"""The public door of a deployed API, which moto does not have: HTTP in, the stage's functions by their Swagger."""

from __future__ import annotations

import base64
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4

from moto.core import DEFAULT_ACCOUNT_ID

INTEGRATION = "x-amazon-apigateway-integration"


class ApiFront:
    """Serves http://127.0.0.1:PORT/STAGE/... for one API. `drops_slash`: what API Gateway is said to do."""

    def __init__(self, api_id: str, *, region: str, functions, drops_slash: bool = True) -> None:
        from moto.apigateway.models import apigateway_backends

        self.api_id, self.functions, self.drops_slash = api_id, functions, drops_slash
        self.backend = apigateway_backends[DEFAULT_ACCOUNT_ID][region]
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Door", (_Door,), {"front": self}))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def port(self) -> int:
        return self._server.server_port

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def matched(self, path: str) -> tuple[str, dict, dict[str, str]] | None:
        """Find the Swagger path of a request: a literal one goes before one with parameters."""
        document = self.backend.get_rest_api(self.api_id).document
        trimmed = (path.rstrip("/") or "/") if self.drops_slash else path
        for pattern, methods in sorted(document["paths"].items(), key=lambda item: item[0].count("{")):
            names = re.findall(r"{(\w+)}", pattern)
            if found := re.fullmatch(re.sub(r"{\w+}", "([^/]+)", pattern), trimmed):
                return pattern, methods, dict(zip(names, map(unquote, found.groups()), strict=True))
        return None

    def answer(self, method: str, target: str, headers, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """Answer one request as API Gateway would."""
        parts = urlsplit(target)
        _, stage, path = (*parts.path.split("/", 2), "")[:3]
        if stage not in self.backend.get_rest_api(self.api_id).stages:
            return self.own(403, "ACCESS_DENIED", "Forbidden")
        found = self.matched("/" + path)
        if found is None or not (doc := found[1].get(method.lower())):
            return self.own(403, "MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token")
        integration = doc[INTEGRATION]
        if integration["type"] == "mock":
            given = integration["responses"]["default"]
            mapped = given.get("responseParameters", {}).items()
            return int(given["statusCode"]), [(name.split(".")[-1], text.strip("'")) for name, text in mapped], b""
        name = re.search(r"function:([\w-]+)/invocations", json.dumps(integration["uri"]))[1]
        binary = self.backend.get_rest_api(self.api_id).document.get("x-amazon-apigateway-binary-media-types", [])
        event = _event(self.api_id, method, "/" + path, parts.query, headers, body, stage, found, set(binary))
        answer = self.functions.invoke(FunctionName=name, Payload=json.dumps(event))
        told = json.loads(answer["Payload"].read())
        if answer.get("FunctionError") or not isinstance(told, dict) or "statusCode" not in told:
            return self.own(502, "API_CONFIGURATION_ERROR", "Internal server error")
        content = (told.get("body") or "").encode()
        given = [(name, str(text)) for name, text in (told.get("headers") or {}).items()]
        given += [(name, text) for name, texts in (told.get("multiValueHeaders") or {}).items() for text in texts]
        return told["statusCode"], given, base64.b64decode(content) if told.get("isBase64Encoded") else content

    def own(self, status: int, kind: str, text: str) -> tuple[int, list[tuple[str, str]], bytes]:
        """Answer an error of the gateway's own, with the headers that its gateway response was given."""
        given = self.backend.get_rest_api(self.api_id).gateway_responses
        response = given.get(kind) or given.get(f"DEFAULT_{status // 100}XX")
        found = response.to_json() if response else {}
        named = found.get("responseParameters") or {}
        headers = [(name.split(".")[-1], text.strip("'")) for name, text in named.items() if text.startswith("'")]
        template = (found.get("responseTemplates") or {}).get("application/json")
        body = template.replace("$context.requestId", str(uuid4())) if template else json.dumps({"message": text})
        return int(found.get("statusCode") or status), headers or [("Content-Type", "application/json")], body.encode()


def _event(api_id, method, path, query, headers, body, stage, found, binary):
    queried, is_binary = parse_qs(query, keep_blank_values=True), headers.get("Content-Type") in binary
    told = {name: headers.get_all(name) for name in headers}
    return {
        "resource": found[0],
        "path": path,
        "httpMethod": method,
        "headers": {name: values[-1] for name, values in told.items()} or None,
        "multiValueHeaders": told or None,
        "queryStringParameters": {name: values[-1] for name, values in queried.items()} or None,
        "multiValueQueryStringParameters": queried or None,
        "pathParameters": found[2] or None,
        "stageVariables": None,
        "requestContext": {
            "requestId": str(uuid4()),
            "stage": stage,
            "path": f"/{stage}{path}",
            "httpMethod": method,
            "resourcePath": found[0],
            "identity": {"sourceIp": "127.0.0.1"},
        },
        "body": (base64.b64encode(body).decode() if is_binary else body.decode(errors="replace")) if body else None,
        "isBase64Encoded": is_binary,
    }


class _Door(BaseHTTPRequestHandler):
    front: ApiFront
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, headers, content = self.front.answer(self.command, self.path, self.headers, body)
        self.send_response(status)
        for name, text in headers:
            if name.lower() != "content-length":
                self.send_header(name, text)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
    setattr(_Door, f"do_{method}", _Door.do_GET)
