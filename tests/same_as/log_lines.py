"""The log lines of a release: those of a run, and those that its code can write."""

import ast
import json
import re

LEVELS = frozenset(("debug", "info", "warning", "error", "exception", "critical", "log"))
EVENT = re.compile(
    r"^[a-z]+( [a-z]+)+$"
)  # a past-tense event; whatever else is called with a text and a dictionary is no log


def of_a_run(text):
    """Give what the lines of a log hold: level, message, function, and the names of its fields."""
    found = set()
    for line in text.splitlines():
        said = json.loads(line)
        who = f"function {said['function']}" if "function" in said else "no function"
        found.add(f"said: {said['level']} {said['message']!r}, {who}: {' '.join(sorted(said))}")
    return sorted(found)


def of_the_code(tree):
    """Give what the code can log: the literal messages with the names of the fields that stand beside them."""
    sources = [path for room in ("chalicelib", "infra") for path in sorted((tree / room).rglob("*.py"))]
    parsed = [ast.parse(path.read_text(encoding="utf-8")) for path in [tree / "app.py", *sources]]
    constants = {name: text for each in parsed for name, text in _constants(each)}
    calls = [node for each in parsed for node in ast.walk(each) if isinstance(node, ast.Call)]
    return sorted({line for call in calls if (line := _line(call, constants))})


def _constants(module):
    for node in module.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield from ((target.id, node.value.value) for target in node.targets if isinstance(target, ast.Name))


def _line(call, constants):
    fields = next((each.value for each in call.keywords if each.arg == "extra"), None)
    said = [text for each in call.args if (text := _text(each, constants))]
    level = call.func.attr if isinstance(call.func, ast.Attribute) and call.func.attr in LEVELS else None
    if level and said and (fields is not None or EVENT.match(said[0])):
        return f"code: {level} {said[0]!r}: {_names(fields)}"
    facts = [each for each in call.args if isinstance(each, ast.Dict)]
    if not level and said and facts and EVENT.match(said[0]):
        return f"code: fact {said[0]!r}: {_names(facts[0])}"
    return None


def _text(node, constants):
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return constants.get(name)


def _names(fields):
    if fields is None:
        return "no fields"
    if not isinstance(fields, ast.Dict):
        return "fields made elsewhere"
    return " ".join(sorted(key.value if isinstance(key, ast.Constant) else "**" for key in fields.keys)) or "no fields"
