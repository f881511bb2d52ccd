"""The one zip of all functions: made by Chalice, then given the .pyc files that Chalice leaves out.

Chalice keeps what it packed in .chalice/deployments by the hash of the code and takes it from there again, so that
`chalice deploy` uploads the zip that was completed here.
"""

from __future__ import annotations

import compileall
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from py_compile import PycInvalidationMode

from infra.aws.plain_chalice import LOOKED_AFTER, RUNTIME
from infra.errors import OperatorError

CHALICE = "import sys; from chalice.cli import main; sys.exit(main())"
PLACE = Path("build") / "package"
DIRECT_MIB = 50  # what Lambda takes in one upload


def chalice(root: Path, *arguments: str, region: str) -> str:
    """Run a command of Chalice, print its output and return it. Raises OperatorError."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("BHUPRAHARI_")}
    environment = kept | {"AWS_DEFAULT_REGION": region, "PYTHONDONTWRITEBYTECODE": "1", LOOKED_AFTER: "1"}
    command = [sys.executable, "-c", CHALICE, *arguments]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    said = []
    with subprocess.Popen(command, cwd=root, env=environment, stdin=subprocess.DEVNULL, **streams) as process:  # type: ignore[call-overload] # noqa: S603
        for line in process.stdout:
            said.append(line)
            if _is_for_people(said):
                print("  " + line.rstrip(), flush=True)
    text = "".join(said)
    if "Could not install" in text:
        raise OperatorError("Chalice could not install a dependency into the package: see above; nothing was deployed")
    if process.returncode:
        last = " ".join(text.rpartition("the following error:")[2].split()[-60:]) or "it said nothing"
        raise OperatorError(
            f"chalice {arguments[0]} failed: {last}. Mend that and run this again: it goes on where it was"
        )
    return text


def _is_for_people(said: list[str]) -> bool:
    return not any(line.startswith("Traceback") for line in said) and bool(said[-1].strip())


def build(root: Path, stage: str, *, region: str, merge: Path | None = None) -> Path:
    """Package a stage into build/package: deployment.zip and sam.json. Return the zip. Raises OperatorError."""
    if sys.version_info[:2] != RUNTIME:
        raise OperatorError(
            "Chalice packages for the Python that runs it, and the functions run on Python 3.12; "
            "this is {}.{}: use make, which looks for one".format(*sys.version_info[:2])
        )
    for folder in (root / "chalicelib").rglob("__pycache__"):
        shutil.rmtree(folder)  # they would be packed, and would change the package's hash
    place = root / PLACE
    shutil.rmtree(place, ignore_errors=True)
    merged = ["--merge-template", str(merge)] if merge else []
    chalice(root, "package", "--stage", stage, *merged, str(place), region=region)
    archive = place / "deployment.zip"
    kept = [path for path in (root / ".chalice" / "deployments").glob("*.zip") if _same(path, archive)]
    if _compile(archive):
        for path in kept:
            shutil.copyfile(archive, path)
    mib = archive.stat().st_size / 2**20
    if mib > DIRECT_MIB:
        raise OperatorError(
            f"the package has {mib:.1f} MiB, and Lambda takes {DIRECT_MIB}: see make size STAGE={stage}"
        )
    print(f"package: {mib:.1f} MiB")
    return archive


def _same(left: Path, right: Path) -> bool:
    return left.stat().st_size == right.stat().st_size and left.read_bytes() == right.read_bytes()


def _compile(archive: Path) -> bool:
    """Add the .pyc of every module, unless they are there; by hash and unchecked, as a zip keeps no times."""
    with zipfile.ZipFile(archive) as packed, tempfile.TemporaryDirectory() as folder:
        if any(name.endswith(".pyc") for name in packed.namelist()):
            return False
        packed.extractall(folder)
        compileall.compile_dir(
            folder,
            stripdir=folder,
            prependdir="/var/task",
            quiet=2,
            workers=0,
            invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
        )
        with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as more:
            for path in sorted(Path(folder).rglob("*.pyc")):
                more.write(path, path.relative_to(folder).as_posix())
    return True
