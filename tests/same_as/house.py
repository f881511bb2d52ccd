"""How an earlier release and this tree are built, side by side: python -m tests.same_as.house 548a6ad."""

import argparse
import ast
import json
import statistics
import sys
import tempfile
from collections import Counter

from tests.same_as.home import OWNER
from tests.same_as.processes import Client, Local
from tests.same_as.releases import RELEASE, NoRelease, checked_out, told, tree_of

LONG = 40  # lines of a function
RARE = ("Give", "Say")
# Of the folders that are rooms; what lies deeper belongs to them.
DEPTH = {"chalicelib": 3, "infra": 1, "landscape": 1, "research": 1, "tests": 2}
ROOM = "lines in files of "
# One request as API Gateway hands it to the function of the API, in a process of its own, as on Lambda.
REQUEST = """
import json, sys
from app import app
class Context:
    aws_request_id, function_name = "request-for-the-count", "api_handler"
    def get_remaining_time_in_millis(self): return 29000
context = {"httpMethod": "GET", "resourcePath": "/api/auth/me", "requestId": "request-for-the-count",
           "identity": {"sourceIp": "127.0.0.1"}, "path": "/api/auth/me"}
event = {"requestContext": context, "path": "/api/auth/me", "resource": "/api/auth/me", "httpMethod": "GET",
         "headers": {"authorization": "Bearer TOKEN", "accept": "*/*"}, "multiValueQueryStringParameters": None,
         "pathParameters": None, "body": None, "stageVariables": None, "isBase64Encoded": False}
answer = app(event, Context())
assert answer["statusCode"] == 200, answer
sys.stdout.write("\\n" + json.dumps(sorted(sys.modules)))
"""
IMPORTS = """
import grimp, json
graph = grimp.build_graph("chalicelib", exclude_type_checking_imports=False, cache_dir=None)
print(json.dumps({module: sorted(graph.find_modules_directly_imported_by(module)) for module in sorted(graph.modules)}))
"""


def main(arguments=None):
    options = argparse.ArgumentParser(prog="python -m tests.same_as.house", description=__doc__)
    options.add_argument("release", nargs="?", default=RELEASE, help="a commit or tag (default %(default)s)")
    options.add_argument("--now", metavar="REVISION", help="a later release instead of this tree")
    asked = options.parse_args(arguments)
    try:
        with checked_out(asked.release) as tree:
            before = measured(tree)
        with tree_of(asked.now) as tree:
            after = measured(tree)
    except NoRelease as error:
        print(f"cannot compare: {error}", file=sys.stderr)
        return 2
    print(f"{'':52} {asked.release:>16} {asked.now or 'this tree':>16}")
    names = list(dict.fromkeys((*before, *after)))
    for name in sorted(each for each in names if each.startswith(ROOM)) + [
        each for each in names if not each.startswith(ROOM)
    ]:
        was, now = (str(side.get(name, "")) for side in (before, after))
        print(f"{name:52} {was:>16} {now:>16}".rstrip())
    return 0


def measured(tree):
    """Give a tree's numbers by their names."""
    return rooms(tree) | loaded(tree) | circles(imports(tree)) | functions(tree)


def rooms(tree):
    lines, files = Counter(), Counter()
    for root, depth in DEPTH.items():
        for path in sorted((tree / root).rglob("*.py")):
            folders = path.relative_to(tree).parts[:-1]
            for room in {root, "/".join(folders[:depth])}:
                files[room] += 1
                lines[room] += len(path.read_text(encoding="utf-8").splitlines())
    return {f"{ROOM}{room}": f"{lines[room]} in {files[room]}" for room in lines}


def loaded(tree):
    """Count the modules that one signed-in request needs."""
    with tempfile.TemporaryDirectory(prefix="bhu-") as home:
        with Local(tree, home, "--no-demo") as running:
            client = Client(running.url)
            client.call("POST", "api/auth/register", OWNER)
            token = client.sign_in(**OWNER).credentials["access_token"]
        said = told(tree, REQUEST.replace("TOKEN", token), home=home)
    modules = json.loads(said.splitlines()[-1])
    return {
        f"modules of a signed-in request, {name}": sum(f"{module}.".startswith(prefix) for module in modules)
        for name, prefix in (("all", ""), ("chalicelib", "chalicelib."), ("database", "chalicelib.adapters.database."))
    }


def imports(tree):
    """Give what each module of the product imports, imports for types among them."""
    return json.loads(told(tree, IMPORTS))


def circles(graph):
    """Count the circles between modules, and those between the parts of a package, whatever lies deeper in them."""
    between_siblings = []
    for package in sorted({module.rpartition(".")[0] for module in graph} - {""}):
        between_siblings += _circles(_squashed(graph, package))
    found = {"import circles between modules": _circles(graph), "import circles between siblings": between_siblings}
    named = {f"    {' <-> '.join(_short(circle))}": "circle" for each in found.values() for circle in each}
    return {name: len(each) for name, each in found.items()} | named


def _circles(graph):
    """Give the strongly connected components of more than one module."""
    reached = {module: _reached(graph, module) for module in graph}
    groups = {frozenset(other for other in reached[module] if module in reached[other]) for module in graph}
    return sorted(sorted(group) for group in groups if len(group) > 1)


def _reached(graph, start):
    seen, ahead = set(), [start]
    while ahead:
        for module in graph.get(ahead.pop(), ()):
            if module not in seen:
                seen.add(module)
                ahead.append(module)
    return seen


def _squashed(graph, package):
    """Give the imports between the direct parts of a package."""

    def part_of(module):
        return ".".join(module.split(".")[: package.count(".") + 2]) if module.startswith(f"{package}.") else None

    parts = {}
    for module, imported in graph.items():
        if mine := part_of(module):
            others = {part_of(other) for other in imported} - {None, mine}
            parts.setdefault(mine, set()).update(others)
    return parts


def _short(circle):
    return [module.removeprefix("chalicelib.") for module in circle]


def functions(tree):
    """Measure the product's functions and look at how their docstrings begin."""
    sources = [path for root in ("chalicelib", "infra", "landscape") for path in sorted((tree / root).rglob("*.py"))]
    nodes = [node for path in sources for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    made = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    lengths = [node.end_lineno - node.lineno + 1 for node in made]
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docs = [doc for node in nodes if isinstance(node, documented) and (doc := ast.get_docstring(node))]
    first = Counter(doc.split(maxsplit=1)[0] for doc in docs if doc.strip())
    lines = {str(path.relative_to(tree)): len(path.read_text(encoding="utf-8").splitlines()) for path in sources}
    return {
        "functions": len(made),
        "functions: median of lines": f"{statistics.median(lengths):g}",
        f"functions of more than {LONG} lines": sum(length > LONG for length in lengths),
        "files of more than 200 lines": sum(count > 200 for count in lines.values()),
        **{f"docstrings that begin with {word}": first[word] for word in RARE},
        "docstrings": len(docs),
    }


if __name__ == "__main__":
    sys.exit(main())
