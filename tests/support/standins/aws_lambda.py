"""AWS Lambda's invoke on this machine: a server that hands a payload to a function of this process."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from chalice.local import LambdaContext


class LambdaStandIn:
    """Functions by their names. `refuse` makes it answer with an error of AWS's instead."""

    def __init__(self, functions: dict[str, Any]) -> None:
        self.functions, self.refuse = functions, ""
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                payload = self.rfile.read(int(self.headers["Content-Length"]))
                name = self.path.split("/")[3]
                code = stand_in.refuse or ("" if name in stand_in.functions else "ResourceNotFoundException")
                if code:
                    self._answer(404, {"Message": "no"}, {"x-amzn-ErrorType": code})
                    return
                try:
                    answer = stand_in.functions[name](json.loads(payload), LambdaContext(name, 512))
                except Exception as error:  # noqa: BLE001 (as Lambda does)
                    said = {"errorMessage": str(error), "errorType": type(error).__name__}
                    self._answer(200, said, {"X-Amz-Function-Error": "Unhandled"})
                    return
                self._answer(200, answer, {})

            def _answer(self, status: int, body: Any, headers: dict[str, str]) -> None:
                content = json.dumps(body).encode()
                self.send_response(status)
                for key, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(key, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_said: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint_url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
