"""A WSGI application as its server calls it."""

import io

NEAR = "127.0.0.1"


def call(app, method="GET", path="/", *, body=b"", **environ):
    """Ask it once; give the status line, the headers and the body."""
    said = {}

    def start_response(status, headers):
        said.update(status=status, headers=headers)

    whole = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "REMOTE_ADDR": NEAR,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    content = b"".join(app(whole | environ, start_response))
    return said["status"], said["headers"], content
