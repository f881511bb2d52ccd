"""The project's own files, as the house tests read them."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LISTED = ("git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
LEFT_OUT = {
    "build",
    "__pycache__",
}  # where there is no git to ask: made things, beside everything that begins with a dot
# What people meet comes from here; a test that repeats a text is no proof of it.
SPEAKING = (
    "app.py",
    "chalicelib/",
    "infra/",
    "layers/",
    "tests/conftest.py",
    "tests/support/databases/",
)


@cache
def _all_files() -> tuple[Path, ...]:
    try:
        listed = subprocess.run(LISTED, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
        paths = [Path(name) for name in listed if name]
    except (OSError, subprocess.CalledProcessError):  # a checkout without git: an unpacked archive
        paths = [path.relative_to(ROOT) for path in ROOT.rglob("*")]
        hidden = [path for path in paths if path.parts[0].startswith(".") and path.parts[0] not in {".ci", ".chalice"}]
        paths = [path for path in paths if path not in hidden and not LEFT_OUT & set(path.parts)]
    return tuple(path for path in paths if (ROOT / path).is_file())


def files(pattern: str = "*") -> list[Path]:
    """List the project's files, relative to its root."""
    return [path for path in _all_files() if path.match(pattern)]


def text_of(path: Path) -> str:
    """Read a file's text; one that is not there, and a binary one, is empty."""
    content = (ROOT / path).read_bytes() if (ROOT / path).exists() else b""
    return "" if b"\0" in content else content.decode(errors="replace")


def make_targets() -> set[str]:
    """Name the targets that make help explains."""
    return set(re.findall(r"^([a-z0-9-]+):.*## ", text_of(Path("Makefile")), re.MULTILINE))


@cache
def strings() -> frozenset[str]:
    """Give every text that the code can say; what it puts in at run time stands as {}."""
    spoken: set[str] = set()
    for path in files():
        if path.as_posix().startswith(SPEAKING) and path.suffix == ".py":
            spoken.update(_strings_of(text_of(path)))
        elif path.name in {"Makefile", "run"} or path.suffix in {".html", ".js", ".sh"}:
            spoken.update(text_of(path).splitlines())
    return frozenset(spoken)


def _strings_of(source: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(re.sub(r"%[sdr]|%\.\d+f", "{}", node.value))
        elif isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
            found.append("".join(map(str, parts)))
    return [" ".join(text.split()) for text in found]
