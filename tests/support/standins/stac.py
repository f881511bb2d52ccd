"""A local server that speaks as the catalogues of Sentinel-2 do: STAC search, tokens, and files by ranges.

Give it products (`tests.support.builders.products`); `how` changes its next answers to searches, `how_of_files` those
to ranges. python -m tests.support.standins.stac [--data ../shared/sentinel2] [--port 9000] [--latency-ms 200]
"""

import argparse
import json
import re
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

ROOT, SIGNING, FILES = "/v1", "/sas/v1/token", "/files"
FAR_AWAY = [-150.0, -20.0, -149.0, -19.0]  # where the newest scene of anywhere is
GOOD = "a-good-token"


class StacServer:
    """The server, for a `with`. `shown_at` is when the newest scene of anywhere was taken: None, an hour ago."""

    def __init__(self, *products, port=0, latency_s=0.0, is_signed=False):
        self.products, self.latency_s, self.is_signed = list(products), latency_s, is_signed
        self.shown_at = None
        self.refuses = lambda _name: False  # whether a file, by product and name, is not let read
        self.how, self.how_of_files = [], []  # each a mapping: status, body, headers, cut, range
        self.asked, self.lock = [], threading.Lock()  # (kind, path, bytes that were sent)
        self.sorts = True  # as it is asked to
        self.tokens = 0  # that were given
        self.refuses_tokens = False
        self.token = None  # what it answers in the place of a token
        self.turn_page = None  # page, link -> link: a `next` of its own
        server = self

        class Handler(_Handler):
            stac = server

        self.server = _Server(("127.0.0.1", port), Handler)
        self.host = f"http://127.0.0.1:{self.server.server_port}"
        self.url, self.signing = self.host + ROOT, self.host + SIGNING

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def count(self, kind):
        """How often it was asked for something of a kind (search, token, range), and the bytes that it sent."""
        sent = [size for of, _, size in self.asked if of == kind]
        return len(sent), sum(sent)

    def features(self):
        beacon_at = self.shown_at or datetime.now(UTC) - timedelta(hours=1)
        beacon = {"type": "Feature", "id": "S2C_FAR_AWAY", "bbox": FAR_AWAY, "collection": "sentinel-2-c1-l2a"}
        beacon |= {"properties": {"datetime": beacon_at.isoformat()}, "assets": {}, "links": []}
        return [*(self.item(product) for product in self.products), beacon]

    def item(self, product):
        """A product's item, with the addresses that its files have here."""
        assets = {
            key: {**asset, "href": asset.get("href") or f"{self.host}{FILES}/{product.name}/{asset['file']}"}
            for key, asset in product.item["assets"].items()
        }
        return {**product.item, "assets": assets}

    def found(self, wanted):
        features = [each for each in self.features() if each["collection"] in wanted["collections"]]
        since, until = (_moment(each) for each in wanted["datetime"].split("/"))
        features = [each for each in features if _is_between(each["properties"]["datetime"], since, until)]
        if "bbox" in wanted:
            features = [each for each in features if _meet(each["bbox"], wanted["bbox"])]
        is_descending = self.sorts and wanted["sortby"][0]["direction"] == "desc"
        return sorted(features, key=lambda each: each["properties"]["datetime"], reverse=is_descending)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # a connection that the client broke off


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        wanted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.search(wanted)

    def do_GET(self):
        path = urlsplit(self.path).path
        if path.startswith(FILES):
            self.file(path.removeprefix(FILES + "/"))
        elif path.startswith(SIGNING):
            self.stac.tokens += 1
            ends_at = datetime.now(UTC) + timedelta(minutes=45)
            token = f"sig={GOOD}-{self.stac.tokens}"
            said = json.dumps({"msft:expiry": ends_at.isoformat(), "token": token}).encode()
            self.answer("token", self.stac.token or said)
        else:
            self.answer("other", b"{}", status=404)

    def search(self, wanted):
        stac = self.stac
        features, first, limit = stac.found(wanted), int(wanted.get("token") or 0), wanted["limit"]
        page = {"type": "FeatureCollection", "features": features[first : first + limit], "links": []}
        following = None
        if first + limit < len(features):
            body = {"token": str(first + limit)}
            following = {"rel": "next", "method": "POST", "href": stac.url + "/search", "body": body, "merge": True}
        if stac.turn_page is not None:
            following = stac.turn_page(page, following)
        if following is not None:
            page["links"].append(following)
        self.answer("search", json.dumps(page).encode(), **(stac.how.pop(0) if stac.how else {}))

    def file(self, name):
        stac = self.stac
        product, _, file = name.partition("/")
        found = next((each.folder / file for each in stac.products if each.name == product), None)
        given = parse_qs(urlsplit(self.path).query).get("sig", [""])[0]
        how = dict(stac.how_of_files.pop(0)) if stac.how_of_files else {}
        if stac.refuses(name) or (stac.is_signed and (stac.refuses_tokens or not given.startswith(GOOD))):
            self.answer("range", b"<Error/>", status=403)
        elif found is None or not found.is_file():
            self.answer("range", b"", status=404)
        else:
            size = found.stat().st_size
            first, last = map(int, re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers["Range"]).groups())
            last = min(last, size - 1)
            with found.open("rb") as stream:
                stream.seek(first)
                body = stream.read(last - first + 1)
            about = {"Content-Range": f"bytes {first}-{last}/{size}", "ETag": f'"{found.stat().st_mtime_ns:x}"'}
            about |= how.pop("headers", {})
            self.answer("range", how.pop("body", body), **{"status": 206, "headers": about} | how)

    def answer(self, kind, content, *, status=200, headers=None, body=None, cut=0, wait_s=0.0):
        """Answer; `cut` leaves out so many bytes at the end of what is announced."""
        time.sleep(self.stac.latency_s + wait_s)
        content = content if body is None else body
        sent = content[: len(content) - cut]
        with self.stac.lock:
            self.stac.asked.append((kind, self.path, len(sent)))
        self.send_response_only(status)
        self.send_header("Content-Length", str(len(content)))
        for name, value in {"Content-Type": "application/geo+json", **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(sent)
        except OSError:
            self.close_connection = True  # the other side has hung up
        self.close_connection = self.close_connection or bool(cut)

    def log_message(self, *_):
        pass


def _moment(text):
    return None if text in ("", "..") else datetime.fromisoformat(text)


def _is_between(text, since, until):
    taken = datetime.fromisoformat(text)
    return (since is None or since <= taken) and (until is None or taken <= until)


def _meet(one, other):
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def main():
    """Serve real scenes until Ctrl-C."""
    from tests.support.builders.products import SENTINEL_2, products_in

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SENTINEL_2)
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    options = parser.parse_args()
    with StacServer(*products_in(options.data), port=options.port, latency_s=options.latency_ms / 1000) as server:
        print(f"ready {server.url} with {len(server.products)} products", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
