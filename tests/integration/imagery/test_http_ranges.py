"""A GeoTIFF on a web server: by ranges, on one connection, and every way in which a server may answer otherwise."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import requests

from chalicelib.adapters.imagery.geotiff.http_ranges import HttpRanges
from chalicelib.domain.errors import BadImage, ProviderRefused, ProviderUnavailable
from chalicelib.domain.image_formats.tiff_picture import read_picture
from chalicelib.intake.tiff_windows import Blocks, TiffFile, Window
from tests.support.builders.geotiffs import noise, read_by_gdal, write


class Standin:
    """A server of one file; `how` changes its next answers."""

    def __init__(self, content):
        self.content, self.how, self.asked, self.connections = content, [], [], set()
        standin = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                standin.asked.append(dict(self.headers))
                standin.connections.add(self.client_address)
                first, last = (int(each) for each in self.headers["Range"].removeprefix("bytes=").split("-"))
                body = standin.content[first : last + 1]
                answer = {"status": 206, "range": f"bytes {first}-{last}/{len(standin.content)}", "body": body}
                answer |= {"length": None, "etag": '"one"', "more": {}}
                if standin.how:
                    answer |= standin.how.pop(0)
                self.send_response(answer["status"])
                self.send_header("Content-Length", str(answer["length"] or len(answer["body"])))
                self.send_header("ETag", answer["etag"])
                if answer["range"]:
                    self.send_header("Content-Range", answer["range"])
                for name, value in answer["more"].items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer["body"])
                self.close_connection = answer["length"] is not None

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/a.tif"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def tif(tmp_path_factory):
    return write(tmp_path_factory.mktemp("web") / "a.tif", noise(900, 700, 3), compress="DEFLATE", blocksize=256)


@pytest.fixture
def standin(tif):
    served = Standin(tif.read_bytes())
    yield served
    served.server.shutdown()


@pytest.fixture
def ranges(standin):
    with requests.Session() as session:
        yield HttpRanges(session, standin.url)


def test_it_is_read_by_ranges_on_one_connection(standin, ranges, tif):
    picture = read_picture(ranges.read, ranges.size)
    file = TiffFile(picture, ranges.read, key=standin.url, blocks=Blocks())
    window = Window(100, 300, 100, 400)
    assert np.array_equal(file.samples(0, window), read_by_gdal(tif, 0, window)[0])
    assert len(standin.asked) <= 6
    assert len(standin.connections) == 1
    assert all(asked["If-Match"] == '"one"' for asked in standin.asked[1:])


WRONG = {
    "busy": ({"status": 503, "more": {"Retry-After": "7"}}, ProviderUnavailable, "busy or in trouble"),
    "throttled": ({"status": 429}, ProviderUnavailable, "busy or in trouble"),
    "another file now": ({"status": 412}, ProviderUnavailable, "another one while it was read"),
    "gone": ({"status": 404}, BadImage, "not there any more"),
    "forbidden": ({"status": 403}, ProviderRefused, "refuses the request"),
    "moved": ({"status": 302, "more": {"Location": "http://169.254.169.254/"}}, ProviderRefused, "refuses the request"),
    "no ranges": ({"status": 200}, ProviderRefused, "sends no parts"),
    "another range": ({"range": "bytes 5-14/999"}, BadImage, "another part"),
    "no range said": ({"range": ""}, BadImage, "another part"),
    "nonsense": ({"range": "bytes a-b/c"}, BadImage, "another part"),
    "another length": ({"range": "bytes 0-9/77"}, ProviderUnavailable, "another one while it was read"),
    "cut off": ({"body": b"abc", "length": 10}, ProviderUnavailable, "broke off"),
    "too short": ({"body": b"abc"}, ProviderUnavailable, "broke off after 3 of 10"),
    "too long": ({"body": b"x" * 5000}, ProviderUnavailable, "longer than 10 bytes"),
}


@pytest.mark.parametrize(("how", "kind", "words"), WRONG.values(), ids=WRONG)
def test_what_a_server_may_answer_otherwise(standin, ranges, how, kind, words):
    assert ranges.size == len(standin.content)
    standin.how.append(how)
    with pytest.raises(kind) as failed:
        ranges.read(0, 10)
    assert words in failed.value.reason
    assert standin.url not in failed.value.reason
    if "more" in how and "Retry-After" in how["more"]:
        assert failed.value.retry_after_s == 7
    assert ranges.read(0, 10) == standin.content[:10], "the next one is read"


def test_a_server_that_is_not_there():
    with requests.Session() as session, pytest.raises(ProviderUnavailable, match="cannot be reached"):
        _ = HttpRanges(session, "http://127.0.0.1:9/a.tif").size
