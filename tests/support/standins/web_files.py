"""A web server of files by ranges; `how` changes its next answers."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class WebFiles:
    """Serves `files`, bytes by their paths, on 127.0.0.1."""

    def __init__(self, **files):
        self.files = {f"/{name}": content for name, content in files.items()}
        self.how, self.asked, self.connections = [], [], set()
        standin = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                standin.asked.append((self.path, dict(self.headers)))
                standin.connections.add(self.client_address)
                content = standin.files.get(self.path.partition("?")[0])
                answer = {"status": 206, "body": b"", "length": None, "etag": '"one"', "more": {}, "range": ""}
                if content is None:
                    answer |= {"status": 404}
                else:
                    first, last = (int(each) for each in self.headers["Range"].removeprefix("bytes=").split("-"))
                    last = min(last, len(content) - 1)
                    answer |= {"range": f"bytes {first}-{last}/{len(content)}", "body": content[first : last + 1]}
                    answer |= {"etag": f'"{hash(content)}"'}
                if standin.how:
                    answer |= standin.how.pop(0)
                self.send_response(answer["status"])
                self.send_header("Content-Length", str(answer["length"] or len(answer["body"])))
                for name, value in (("ETag", answer["etag"]), ("Content-Range", answer["range"])):
                    if value:
                        self.send_header(name, value)
                for name, value in answer["more"].items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer["body"])
                self.close_connection = answer["length"] is not None

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
