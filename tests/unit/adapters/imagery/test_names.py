import unicodedata
from pathlib import Path

import pytest

from chalicelib.adapters.imagery.item_store import FolderItemStore, StoredFile
from chalicelib.adapters.imagery.names import Names

ROOT = Path("/srv/land")
STORED = (
    "a.png",
    "2025/a.png",
    "2025/lake north.png",
    "cloud%20free.png",
    "plot#12.png",
    "caf\u00e9.png",
    "both b.png",
)


def names(*stored):
    return Names([StoredFile(name, "1", 5) for name in stored or STORED], FolderItemStore(ROOT).name_of)


@pytest.mark.parametrize(
    ("href", "beside", "found"),
    [
        ("a.png", "a.json", "a.png"),
        ("./a.png", "2025/a.json", "2025/a.png"),
        ("../a.png", "2025/a.json", "a.png"),
        ("../2025/./a.png", "2024/a.json", "2025/a.png"),
        ("..\\2025\\a.png", "2024/a.json", "2025/a.png"),
        ("2025/lake%20north.png", "a.json", "2025/lake north.png"),
        ("2025/lake north.png", "a.json", "2025/lake north.png"),
        ("cloud%20free.png", "a.json", "cloud%20free.png"),
        ("cloud%2520free.png", "a.json", "cloud%20free.png"),
        ("plot#12.png", "a.json", "plot#12.png"),
        ("plot%2312.png", "a.json", "plot#12.png"),
        (unicodedata.normalize("NFD", "caf\u00e9.png"), "a.json", "caf\u00e9.png"),
        ("/srv/land/2025/a.png", "a.json", "2025/a.png"),
        ("file:///srv/land/2025/lake%20north.png", "a.json", "2025/lake north.png"),
    ],
)
def test_an_address_means_a_file_of_the_archive(href, beside, found):
    assert names().find(href, beside=beside).name == found


def test_where_two_fit_the_one_with_the_escapes_read_is_meant():
    assert names("b c.png", "b%20c.png").find("b%20c.png", beside="a.json").name == "b c.png"


@pytest.mark.parametrize(
    "href",
    [
        "https://example.com/a.png",
        "//example.com/a.png",
        "s3://bucket/a.png",
        "file:///etc/a.png",
        "file://a.png",
        "/etc/a.png",
        "/a.png",
        "/srv/land/../a.png",
        "/srv/landing/a.png",
        "../a.png",
        "b/../../a.png",
        "%2e%2e/a.png",
        "..\\a.png",
        "C:\\a.png",
        "data:image/png;base64,AAAA",
        "http://[a/a.png",
        "//[a.png",
        "file://[a.png",
        "a\x00.png",
        "../" * 5000 + "a.png",
        ".",
        "2025",
        "2025/",
    ],
)
def test_no_address_leads_out_of_the_archive(href):
    assert names().find(href, beside="item.json") is None
    said = names().missing(href, beside="item.json")
    assert said.named == href[:120]
    assert href not in said.says


def test_what_lies_there_by_other_letters_is_named_to_the_operator():
    said = names().missing("./A.PNG", beside="2025/item.json")
    assert str(said).endswith(": ./A.PNG, and 2025/a.png is there")
    assert "png" not in said.says
