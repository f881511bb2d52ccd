"""What is the same although it reads otherwise: times, ports, places, numbers of rows that two threads handed out."""

import json
import re

TIME = re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?")
NAMED_BY_TIME = frozenset(("startTime", "endTime", "createdAt", "lastUpdate", "fetchedAt", "lastComparisonTime"))
NAMED_BY_TIME |= {"alertTime", "sentAt", "nextDueAt", "seenAt", "instance"}
NUMBERED = frozenset(("id", "imageTileId"))
LINK = re.compile(r"(captured_images/[^?]+)\?expires=\d+&signature=[0-9a-f]+")
SAID_IN_FULL = re.compile(r"^(#|\||```|- |\d+\. |    )")


def demo(text, home):
    """Give the demo's lines. The order of the alerts is that of two threads, so they stand in the order of the land."""
    text = text.replace(str(home), "<home>")
    text = re.sub(r"http://127\.0\.0\.1:\d+", "http://127.0.0.1:<port>", text)
    text = re.sub(r"(tiles) +\d+ s\b", r"\1 <seconds> s", text)
    text = re.sub(r"/demo/\d+-", "/demo/<number>-", text)
    blocks = []
    for line in text.rstrip().split("\n"):
        if line.rstrip().endswith('"') and blocks:
            blocks[-1] += f"\n{line}"  # the second region of an alert goes with its first
        else:
            blocks.append(line)
    is_alert = ["/demo/<number>-" in block for block in blocks]
    alerts = iter(sorted(block for block, one in zip(blocks, is_alert, strict=True) if one))
    ordered = (next(alerts) if one else block for block, one in zip(blocks, is_alert, strict=True))
    return "\n".join(ordered).split("\n")


def paragraphs(text):
    """Give a document's lines with the paragraphs each in one: where a line is broken says nothing."""
    lines, is_open = [], False
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)  # nobody reads those in the document
    for line in text.splitlines():
        if is_open and line.strip() and not SAID_IN_FULL.match(line):
            lines[-1] += f" {line.strip()}"
        elif line.strip():
            lines.append(line.rstrip())
        is_open = bool(line.strip()) and not line.startswith(("#", "|", "```"))
    return lines


def leaves(value, path=""):
    """Give one line for every value in a JSON document: its path and what stands there. Members have no order."""
    if isinstance(value, dict) and value:
        return [line for name in value for line in leaves(value[name], f"{path}.{name}" if path else name)]
    if isinstance(value, list) and value:
        named = [_name(each, number) for number, each in enumerate(value)]
        return [line for name, each in zip(named, value, strict=True) for line in leaves(each, f"{path}[{name}]")]
    return [f"{path} = {json.dumps(value, ensure_ascii=False, sort_keys=True)}"]


def _name(element, number):
    if isinstance(element, dict):
        return str(element.get("name") or element.get("$ref") or number)
    return "" if isinstance(element, str) else str(number)  # `required` and `enum` are sets


def answer(value, home=""):
    """Give an answer's JSON without times, row numbers and signatures; what the rows are about stays."""
    if isinstance(value, dict):
        return {name: _member(name, each, home) for name, each in value.items()}
    if isinstance(value, list):
        return sorted((answer(each, home) for each in value), key=lambda each: json.dumps(each, sort_keys=True))
    if isinstance(value, str):
        plain = LINK.sub(r"\1?<signed>", value)
        return plain.replace(str(home), "<home>") if home else plain
    return value


def _member(name, value, home):
    if name in NUMBERED and isinstance(value, int):
        return "<number>"
    if name in NAMED_BY_TIME and isinstance(value, str):
        return TIME.sub("<time>", value) if name != "instance" else "<request>"
    if name in ("bounds", "centroid", "coordinates"):
        return value  # its order is its meaning
    return answer(value, home)
