"""The rules of the house that no linter knows."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.sources import ROOT, files, make_targets, strings, text_of

PRODUCT = [path for path in files("*.py") if path.parts[0] in {"app.py", "chalicelib", "infra", "landscape"}]
EMPTY_WORDS = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc"}
# Written with classes of one letter, so that this file is not its own finding.
FOREIGN = re.compile(
    r"(?<![\w.~-])/([w]ork|[r]oot|[h]ome/\w+|[U]sers/\w+|[t]mp/wt|[o]pt/(pypi|wheels))/"
    r"|[C]:\\Users|[p]ypi\.org|[p]ythonhosted\.org|[r]egistry\.npmjs|^--([e]xtra-)?index-url|^--[f]ind-links",
    re.MULTILINE,
)
FUNCTIONS = ("capture", "compare", "notify", "reconcile", "migrate", "operate")
ABSENT = ("cv2", "numpy", "shapely", "pyogrio", "pyproj", "firebase_admin")
BLOCKER = f"""
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {ABSENT!r}:
            raise ModuleNotFoundError("No module named " + repr(name), name=name)
sys.meta_path.insert(0, Absent())
"""


def python(code):
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)


def test_there_is_a_product_to_look_at():
    assert Path("app.py") in PRODUCT


def test_no_file_is_longer_than_250_lines():
    ours = [path for path in PRODUCT if "versions" not in path.parts]  # a migration is one record, frozen once it ran
    lengths = {str(path): len(text_of(path).splitlines()) for path in ours}
    assert {path: lines for path, lines in lengths.items() if lines > 250} == {}


def test_no_module_has_an_empty_name():
    stems = {path: path.stem.replace("secrets_manager", "") for path in files("*.py")}  # AWS's name of that service
    named = {str(path): {*path.parts[:-1], *stem.split("_")} for path, stem in stems.items()}
    assert [path for path, words in named.items() if words & EMPTY_WORDS] == []


def test_nothing_names_a_machine_or_a_registry():
    found = {str(path): match.group() for path in files() if (match := FOREIGN.search(text_of(path)))}
    assert found == {}


@pytest.mark.parametrize("text", ["cd /" + "work/x", "'/" + "home/ann/y'", "https://" + "pypi" + ".org/simple"])
def test_a_machine_or_a_registry_would_be_found(text):
    assert FOREIGN.search(text)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_starts_without_the_app(name):
    done = python(f"import sys, chalicelib.functions.{name}; assert 'app' not in sys.modules, 'it imported app.py'")
    assert done.returncode == 0, done.stderr


def test_the_app_starts_where_the_layers_are_absent():
    done = python(BLOCKER + "import app")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ABSENT)
def test_absent_means_absent(name):
    assert f"No module named '{name}'" in python(BLOCKER + f"import {name}").stderr


LOCKS = files("*requirements*.txt")


def test_every_locked_requirement_has_its_hash():
    assert len(LOCKS) == 9
    for path in LOCKS:
        requirements = re.split(r"\n(?=[A-Za-z0-9])", text_of(path))
        assert [line for line in requirements if "==" not in line or "--hash=sha256:" not in line] == [], path


def test_what_lives_in_a_layer_is_not_in_every_function():
    names = set(re.findall(r"^([\w.-]+)==", text_of(Path("requirements.txt")), re.MULTILINE))
    assert "sqlalchemy" in names
    assert {name for name in names if re.match(r"opencv|numpy|shapely|firebase|grpc|boto|chalice", name)} == set()


def test_the_schema_in_the_documents_is_head():
    from infra.schema import statements

    assert text_of(Path("docs/schema.sql")) == statements()


DOCUMENTS = files("*.md")
COMMAND = re.compile(r"(?:^\s*|&& )(?:\$ )?(?:[A-Z_]+=\S+ )*make ([a-z][a-z-]*)")


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if path.name != "CHANGELOG.md"], ids=str)
def test_every_make_command_in_a_document_is_a_target(path):
    code = re.findall(r"^```.*?^```|`[^`\n]+`", text_of(path), re.MULTILINE | re.DOTALL)
    lines = [line for piece in code for line in piece.strip("`").splitlines()]
    named = {match.group(1) for line in lines if (match := COMMAND.search(line))}
    assert named - make_targets() == set()


def test_the_first_commands_stand_in_the_readme():
    readme = text_of(Path("README.md"))
    for command in ("make run", "make test", "python3 infra/setup.py run", "python3 infra/setup.py test"):
        assert command in readme


def test_help_lists_every_target():
    shown = subprocess.check_output(["make", "-s", "help"], text=True, cwd=ROOT)
    listed = set(re.findall(r"^  make ([a-z0-9-]+) +\S", shown, re.MULTILINE))
    phony = re.search(r"^\.PHONY:((?:.*\\\n)*.*)$", text_of(Path("Makefile")), re.MULTILINE).group(1)
    assert listed == make_targets() == set(phony.replace("\\\n", " ").split())


def test_every_module_that_make_starts_is_there():
    started = re.findall(r"-m ((?:infra|research|tests)[\w.]*)", text_of(Path("Makefile")))
    places = {name: Path(name.replace(".", "/")) for name in started}
    here = {name for name, path in places.items() if {path.with_suffix(".py"), path / "__main__.py"} & set(files())}
    assert here
    assert set(places) - here == set()


SYMPTOM = re.compile(r"^### `(.+)`$", re.MULTILINE)
SYMPTOMS = SYMPTOM.findall(text_of(Path("docs/troubleshooting.md")))
VARIABLE = re.compile(r"…|\{[^}]*\}")


def in_the_code(symptom):
    """Does one string in the code say this, whatever stands in for the variable parts?"""
    pieces = [re.escape(piece) for piece in VARIABLE.split(symptom)]
    assert sum(map(len, VARIABLE.split(symptom))) >= 10, f"{symptom!r} would fit anything"
    return any(re.search(".*".join(pieces), text) for text in strings())


def test_troubleshooting_has_what_people_meet():
    assert len(SYMPTOMS) >= 20
    assert len(set(SYMPTOMS)) == len(SYMPTOMS)


@pytest.mark.parametrize("symptom", SYMPTOMS)
def test_a_symptom_is_what_the_code_says(symptom):
    assert in_the_code(symptom), "no string in the code says this"


def test_an_invented_symptom_is_noticed():
    assert in_the_code("there is no setting BHUPRAHARI_…") is False
    assert in_the_code("there is no setting {name}")
    assert not in_the_code("there is no such " + "setting anywhere")


def test_setup_is_read_by_an_old_python():
    """An old one must come as far as the sentence that says what to install."""
    import ast

    setup = ast.parse(text_of(Path("infra/setup.py")))
    assert ast.get_docstring(setup)
    modern = (ast.JoinedStr, ast.NamedExpr, ast.AnnAssign, ast.Match, ast.AsyncFunctionDef, ast.TryStar)
    for node in ast.walk(setup):
        assert not isinstance(node, modern), f"line {node.lineno}"
        assert getattr(node, "returns", None) is None, f"line {node.lineno}"
        assert getattr(node, "annotation", None) is None, f"line {node.lineno}"
    first = [node for node in setup.body if not isinstance(node, ast.Expr)]
    assert [ast.unparse(node).split("\n")[0] for node in first[:2]] == ["import sys", "if sys.version_info < (3, 11):"]
