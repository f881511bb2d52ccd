"""Build the Lambda layers: python layers/build.py [--arch arm64|x86_64] [opencv] [firebase] [shapely] [gdal].

Each becomes build/layers/ARCH/NAME/python and build/layers/ARCH/NAME.zip, for Python 3.12, from the hashed wheels of
its requirements.txt alone: any Python that has pip builds for either architecture. The same lock gives the same bytes.
"""

from __future__ import annotations

import argparse
import compileall
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from py_compile import PycInvalidationMode

from packaging.markers import Marker

HERE = Path(__file__).resolve().parent
BUILT = HERE.parent / "build" / "layers"
LAYERS = ("opencv", "firebase", "shapely", "gdal")
PYTHON = (3, 12)
MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}  # Lambda's word: the wheels' word
GLIBC = 34  # Lambda's Python 3.12 has glibc 2.34
MAX_UNZIPPED_MIB = 240  # Lambda takes 250 for a function with all its layers
SUFFIXES = (".pyi", ".pxd", ".pyx", ".h", ".a")
KEPT_TEST = "numpy/_core/tests/_natype.py"  # numpy imports it
PRUNED = {  # what was tried to be of no use at run time; stripping the libraries broke numpy's OpenBLAS
    "opencv": ("bin", "cv2/data/*.xml", "numpy/f2py", "numpy/_core/include", "numpy/random/lib", "numpy/**/tests/*"),
    "firebase": ("bin",),
    "shapely": ("numpy/f2py", "numpy/_core/include", "numpy/random/lib", "numpy/**/tests/*", "shapely/tests"),
    "gdal": (
        *("numpy/f2py", "numpy/_core/include", "numpy/random/lib", "numpy/**/tests/*", "shapely/tests"),
        *("pyogrio/tests", "pyproj/proj_dir/include", "bin"),
    ),
}


class CannotBuild(Exception):
    """A layer cannot be built, and why."""


def main(arguments: list[str] | None = None) -> int:
    """Build what the command line names; say how large it became."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", choices=MACHINES, default="arm64", help="the functions' (default %(default)s)")
    parser.add_argument(
        "names", nargs="*", default=LAYERS, metavar="layer", help="opencv, firebase, shapely, gdal (default: all)"
    )
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(LAYERS):
        parser.error(f"there is no layer {', '.join(sorted(unknown))}: choose from {', '.join(LAYERS)}")
    try:
        for name in options.names:
            print(build(name, options.arch, BUILT / options.arch), flush=True)
    except CannotBuild as error:
        print(f"layer not built: {error}", file=sys.stderr)
        return 1
    return 0


def build(name: str, arch: str, folder: Path) -> str:
    """Build one layer below a folder; give the line that says how large it is. Raises CannotBuild."""
    top = folder / name
    shutil.rmtree(top, ignore_errors=True)
    archive = folder / f"{name}.zip"
    archive.unlink(missing_ok=True)
    _install(name, arch, top / "python")
    prune(name, top / "python")
    compiled = _compile(top)
    unzipped = sum(path.stat().st_size for path in top.rglob("*") if path.is_file()) / 2**20
    if unzipped > MAX_UNZIPPED_MIB:
        raise CannotBuild(f"{name} for {arch} has {unzipped:.1f} MiB unzipped, more than {MAX_UNZIPPED_MIB}")
    pack(top, archive)
    zipped = archive.stat().st_size / 2**20
    return f"{name:9} {arch:7} {zipped:6.1f} MiB zipped {unzipped:7.1f} MiB unzipped, {compiled}"


def _install(name: str, arch: str, target: Path) -> None:
    lock = target.parent / "requirements.txt"
    lock.parent.mkdir(parents=True)
    lock.write_text(locked_for((HERE / name / "requirements.txt").read_text(encoding="utf-8"), arch), encoding="utf-8")
    machine = MACHINES[arch]
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(GLIBC, 16, -1)]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--require-hashes", "--no-deps", "--only-binary=:all:", "--no-compile", "--target", str(target)]
    command += ["--implementation=cp", "--python-version={}.{}".format(*PYTHON), "-r", str(lock)]
    for tag in (*tags, f"manylinux2014_{machine}"):  # pip takes each tag literally: an older glibc's must be named too
        command += ["--platform", tag]
    if subprocess.run(command, check=False).returncode:
        raise CannotBuild(f"pip could not install {name} for {arch}: what it said stands above")
    lock.unlink()


def locked_for(lock: str, arch: str) -> str:
    """Keep what the functions' Python needs of a lock: pip would judge its markers by the Python that runs it."""
    version = "{}.{}".format(*PYTHON)
    place = {
        "python_version": version,
        "python_full_version": f"{version}.0",
        "platform_machine": MACHINES[arch],
        "platform_system": "Linux",
        "sys_platform": "linux",
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    kept = []
    for requirement in re.split(r"\n(?=[A-Za-z0-9])", lock):
        first, _, rest = requirement.partition(" \\\n")
        pin, _, marker = first.partition(" ; ")
        if not marker or Marker(marker).evaluate(place):
            kept.append(f"{pin} \\\n{rest}")
    return "\n".join(kept)


def prune(name: str, packages: Path) -> None:
    """Remove what was tried to be of no use at run time."""
    for pattern in PRUNED[name]:
        for path in sorted(packages.glob(pattern), reverse=True):
            if path.is_dir():
                shutil.rmtree(path)
            elif path.relative_to(packages).as_posix() != KEPT_TEST:
                path.unlink()
    if name != "firebase":
        for path in packages.rglob("*"):
            if path.suffix in SUFFIXES and path.is_file():
                path.unlink()


def _compile(top: Path) -> str:
    """Write the .pyc: without them an import costs three to five times as much, and Lambda's disk keeps none."""
    if sys.version_info[:2] != PYTHON:
        return "NO .pyc: only Python {}.{} writes those that Lambda reads, and this is {}.{}".format(
            *PYTHON, *sys.version_info[:2]
        )
    # By hash and unchecked: a zip does not keep the times that .pyc files are otherwise checked by.
    compileall.compile_dir(
        top, stripdir=top, prependdir="/opt", quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH
    )
    return f"{sum(1 for _ in top.rglob('*.pyc'))} .pyc"


def pack(top: Path, archive: Path) -> None:
    """Zip a folder so that the same files give the same bytes."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        for path in sorted(path for path in top.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(top).as_posix())  # of 1980, as every such entry is
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            made.writestr(entry, path.read_bytes(), compresslevel=9)


if __name__ == "__main__":
    sys.exit(main())
