"""The console's files: what they are served as, and what they may not contain."""

import re
from html.parser import HTMLParser

import pytest

from chalicelib.api import console

FILES = sorted(console.FOLDER.iterdir())
NAMES = [path.name for path in FILES]
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
}
SVG_NAMESPACE = "http://www.w3.org/2000/svg"  # a name, not an address: nothing is fetched from it


class Tags(HTMLParser):
    """Every tag of a page, with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_served_as_what_it_is(server, name):
    answer = server.call("GET", f"/console/{name}", headers={"accept": "*/*"})
    assert answer.status == 200
    assert answer.headers["Content-Type"] == TYPES["." + name.rpartition(".")[2]]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-cache", "a new release is seen at once"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    for what in ("Opener", "Resource"):
        assert answer.headers[f"Cross-Origin-{what}-Policy"] == "same-origin"
    assert "geolocation=()" in answer.headers["Permissions-Policy"]
    assert answer.content == (console.FOLDER / name).read_bytes()


@pytest.mark.parametrize(
    "name",
    [
        "..",
        ".",
        "..%2fconsole.py",
        "%2e%2e%2flogs.py",
        "..%5clogs.py",
        "%2fetc%2fpasswd",
        "sub%2findex.html",
        "main.js%00.css",
        "MAIN.JS",
        "main",
        "nothing.js",
    ],
)
def test_a_name_that_is_no_file_of_the_console_is_refused(server, name):
    assert server.call("GET", f"/console/{name}", headers={"accept": "*/*"}).status == 404


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_nothing_is_fetched_from_anybody_else(path):
    text = path.read_text(encoding="utf-8").replace(SVG_NAMESPACE, "")
    assert not re.search(r"(?:https?:)?//[\w-]+\.[\w.-]+", text), "an address of somebody else"
    assert "url(http" not in text
    assert "@import" not in text


@pytest.mark.parametrize("path", [path for path in FILES if path.suffix == ".html"], ids=lambda path: path.name)
def test_a_page_carries_no_script_or_style_of_its_own(path):
    text = path.read_text(encoding="utf-8")
    tags = Tags(text).found
    assert all(tag != "style" for tag, _ in tags)
    for tag, attributes in tags:
        assert "style" not in attributes, tag
        assert not [name for name in attributes if name.startswith("on")], tag
        assert not (attributes.get("href") or "").startswith("javascript:"), tag
    assert all(attributes.get("src") for tag, attributes in tags if tag == "script")
    assert re.findall(r"<script[^>]*>([^<]*)</script>", text) == [""]


@pytest.mark.parametrize("path", [path for path in FILES if path.suffix == ".js"], ids=lambda path: path.name)
def test_what_comes_from_outside_never_becomes_markup(path):
    text = path.read_text(encoding="utf-8")
    ways = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|setHTML|\beval\(|new Function|srcdoc"
    assert not re.findall(ways, text)


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.suffix in {".html", ".js"}], ids=lambda path: path.name
)
def test_what_a_file_asks_for_is_there_and_beside_it(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".js":
        asked = re.findall(r'(?:from|import) "([^"]+)"', text)
        assert all(name.startswith("./") for name in asked), asked
    else:
        tags = Tags(text).found
        asked = [
            attributes[name]
            for tag, attributes in tags
            for name in ("src", "href")
            if tag != "a" and name in attributes
        ]
    assert {name.removeprefix("./") for name in asked} <= set(NAMES)


def test_addresses_hold_under_any_prefix():
    """API Gateway puts a stage in front of every path: an address from the root would miss it."""
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"""["'`(]/(?:api|static_images|console)\b""", text), path.name
