"""Run a command under the Python that Lambda runs: python infra/lambda_python.py -m infra.aws deploy dev.

Chalice packages for the Python that runs it, so a deploy needs exactly this one. .venv serves if it is of that version;
else an interpreter is looked for and build/venv-3.12 made of it, once. `--find` only prints which it would be.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERSION = "3.12"
OWN = Path("build") / f"venv-{VERSION}"
NONE = (
    f"No Python {VERSION} answers, and Lambda runs that one: install it (your system's package python{VERSION}, "
    f"pyenv install {VERSION}, or uv python install {VERSION}), or name it: LAMBDA_PYTHON=/path/to/python{VERSION}"
)


def main(arguments: list[str]) -> int:
    """Continue as that Python; return 3 if there is none."""
    python = next((each for each in _candidates() if _answers(each)), None)
    if python is None:
        print(NONE, file=sys.stderr)
        return 3
    if arguments == ["--find"]:
        print(python)
        return 0
    home = ROOT / ".venv" / "bin" / "python"
    if python != str(home):
        done = subprocess.run(
            [python, str(ROOT / "infra" / "setup.py")], env={**os.environ, "SETUP_VENV": str(OWN)}, check=False
        )
        if done.returncode:
            return done.returncode
        python = str(ROOT / OWN / "bin" / "python")
    return os.execv(python, [python, *arguments])


def _candidates() -> Iterator[str]:
    """Yield interpreters, the likeliest first: a shim of pyenv may be on the PATH and not answer."""
    if given := os.environ.get("LAMBDA_PYTHON"):
        yield given
        return
    yield str(ROOT / ".venv" / "bin" / "python")
    for name in (f"python{VERSION}", "python3", "python"):
        for folder in os.get_exec_path():
            if found := shutil.which(name, path=folder):
                yield found
    for folder in (
        Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv"),
        Path.home() / ".local/share/uv/python",
    ):
        for found in sorted(folder.glob(f"**/*{VERSION}.*/bin/python{VERSION}"), reverse=True):
            yield str(found)


def _answers(python: str) -> bool:
    code = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
    try:
        said = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return said.stdout.strip() == VERSION


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
