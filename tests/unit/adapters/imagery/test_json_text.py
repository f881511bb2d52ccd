import gzip
import json
import time

import pytest

from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.json_text import MAX_DEPTH, parse

WHOLE = '{\n "a": 1,\n "b": [1, 2],\n "c": {"d": "é"}\n}'


def why(content) -> str:
    with pytest.raises(BadItem) as bad:
        parse(content if isinstance(content, bytes) else content.encode())
    assert "\n" not in str(bad.value)
    return str(bad.value)


@pytest.mark.parametrize(
    "content",
    [WHOLE, WHOLE.replace("\n", "\r\n"), "\ufeff" + WHOLE, "\ufeff\ufeff" + WHOLE, "\t" + WHOLE + "\n\n"],
)
def test_a_text_is_read_with_the_mark_and_the_line_ends_of_windows(content):
    assert parse(content.encode()) == {"a": 1, "b": [1, 2], "c": {"d": "é"}}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "it is no whole JSON text: it is empty"),
        (" \n", "it is no whole JSON text: it is empty"),
        (WHOLE[:-1], "it is no whole JSON text: it ends at line 5, column 1"),
        (WHOLE[:-4], "it is no whole JSON text: it ends at line 4, column 15"),
        (WHOLE[:12], "it is no whole JSON text: it ends at line 3, column 2"),
        ('{"a": "x', "it ends at line 1, column 9"),
        ("// my lake\n{}", "it is no JSON at line 1, column 1: JSON has no comments"),
        ('{"a": 1, # lake\n"b": 2}', "it is no JSON at line 1, column 10: JSON has no comments"),
        ('{\n"a": 1,\n}', "there is a comma too many"),
        ("[1,\n2,]", "there is a comma too many"),
        ("{'a': 1}", "it is no JSON at line 1, column 2: JSON has double quotes"),
        ('{"a": 1}\n{"a": 2}', "it is no JSON at line 2, column 1: something follows after its end"),
        ('{"a" 1}', "it is no JSON at line 1, column 6: expecting ':' delimiter"),
        ('{"a": "x\ny"}', "it is no JSON at line 1, column 9: invalid control character"),
        ('{"a": "\\x"}', "it is no JSON at line 1, column 8: invalid"),
        ('{"a": 1,\n "é": 2, "a": 3}', "it says 'a' twice, the second time at line 2, column 10"),
        ('{"x": {"a": [{"b": 1, "b": 2}]}}', "it says 'b' twice, the second time at line 1, column 23"),
        ('{"a": 1, "\\u0061": 2}', "it says 'a' twice, the second time at line 1, column 10"),
        ('{"a": [1,\n NaN]}', "it is no JSON at line 2, column 2: NaN is not a number"),
        ('{"NaN": [1, -Infinity]}', "it is no JSON at line 1, column 13: -Infinity is not a number"),
        ('{"a": ' + "9" * 5000 + "}", "a number has too many digits, at line 1, column 7"),
        ("[" * (MAX_DEPTH + 1), f"nested more than {MAX_DEPTH} deep, at line 1, column {MAX_DEPTH + 1}"),
        ('{"a":' * 200_000, f"nested more than {MAX_DEPTH} deep"),
        ('{"a": None}', "it is no JSON at line 1, column 7: None is written null"),
        ('{"a":\n True}', "it is no JSON at line 2, column 2: True is written true"),
        ("<!DOCTYPE html><html>404</html>", "it is a web page"),
        ('<?xml version="1.0"?><a/>', "it is XML"),
        ("version https://git-lfs.github.com/spec/v1\nsize 5\n", "a pointer of Git LFS"),
        ("<<<<<<< HEAD\n{}", "a conflict of Git"),
        (WHOLE + "\0" * 40, "it is no JSON at line 5, column 2: zeros follow after its end"),
        ("\0" * 40, "it holds nothing but zeros"),
        ("PK\x03\x04", "it is a ZIP file"),
        ('{"a": "\\ud800"}', "half a character is escaped, at line 1, column 8"),
    ],
)
def test_what_is_wrong_is_told_by_line_and_column(content, says):
    assert says in why(content)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (WHOLE.encode("utf-16"), "its text is UTF-16"),
        (WHOLE.encode("utf-16-be"), "its text is UTF-16"),
        (WHOLE.encode("utf-16-le"), "its text is UTF-16"),
        (WHOLE.encode("utf-32"), "its text is UTF-32"),
        (WHOLE.encode("latin-1"), "byte 0xE9 at line 4, column 14 looks like Latin-1"),
        (b"\xef\xbb\xbf" + WHOLE.encode("latin-1"), "byte 0xE9 at line 4, column 14 looks like Latin-1"),
        (WHOLE.replace("é", "Съёмка").encode("cp1251"), "byte 0xD1 at line 4, column 14 looks like an older encoding"),
        (WHOLE.replace("é", "国土地理院").encode("cp932"), "looks like an older encoding of another script"),
        (WHOLE.replace("é", "国家测绘局").encode("gb18030"), "looks like an older encoding of another script"),
        (WHOLE.replace("é", "Köln, Düren").encode("cp1252"), "looks like Latin-1"),
        ("é\n“".encode() + b"\x93", "byte 0x93 at line 2, column 2"),
    ],
)
def test_another_encoding_is_named(content, says):
    assert says in why(content)
    assert "save it as UTF-8" in why(content)


def test_a_text_that_was_packed_is_told_as_such():
    assert why(gzip.compress(WHOLE.encode())) == "it is a gzip file: unpack it"


def test_a_text_that_looks_odd_and_is_in_order_is_read():
    document = {"a": "NaN", "b": 'x " , : { [ \\', "c": [{"a": 1}, {"a": 2}], "d": "\U0001f6f0", "{": "}"}
    assert parse(json.dumps(document).encode()) == document


@pytest.mark.parametrize("piece", ['\\"', "\\\\", '"a":', "NaN,", "[]", "é "])
def test_a_long_text_takes_no_time_whatever_is_wrong_with_it(piece):
    before = time.perf_counter()
    for text in ('{"' + piece * 300_000, "[" + piece * 300_000, '{"a": NaN, "' + piece * 100_000 + '": 1}'):
        with pytest.raises(BadItem):
            parse(text.encode())
    assert time.perf_counter() - before < 10
