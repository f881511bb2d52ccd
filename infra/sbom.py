"""Write what a release is made of, from the locks, as CycloneDX files in build/sbom: python -m infra.sbom.

It needs no network: names, versions and hashes are the locks' own, and the same locks give the same bytes.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCKS = {  # each part of a release, and the lock that it is installed from
    "functions": "requirements.txt",
    "layer-opencv": "layers/opencv/requirements.txt",
    "layer-firebase": "layers/firebase/requirements.txt",
    "layer-shapely": "layers/shapely/requirements.txt",
    "layer-gdal": "layers/gdal/requirements.txt",
    "server": "requirements-server.txt",
}
WANTED = re.compile(r"^(?![#\s-])([A-Za-z0-9][\w.-]*)", re.MULTILINE)


def bill(lock: Path) -> dict[str, Any]:
    """Return the bill of materials of one lock. Raises ValueError for what is not there once, pinned, with its hash."""
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", "--output-reproducible", str(lock)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (this Python, a lock)
    if made.returncode:
        raise ValueError(f"{lock} cannot be read: {made.stderr.strip()[-300:]}")
    found: dict[str, Any] = json.loads(made.stdout)
    components = found.get("components", [])
    wanted = WANTED.findall(lock.read_text(encoding="utf-8"))
    listed = {each["name"] for each in components}
    if lost := sorted(set(wanted) - listed):
        raise ValueError(f"{lock}: the bill lacks {', '.join(lost)}")
    for each in components:
        references = each.get("externalReferences", [])
        hashes = {digest["alg"] for reference in references for digest in reference.get("hashes", [])}
        if "version" not in each or "SHA-256" not in hashes:
            raise ValueError(f"{lock}: {each['name']} is not pinned to a version with its hash: run make lock")
    return found


def main(root: Path = ROOT) -> int:
    """Write the bills, and say where; 1 if a lock does not say what is in a release."""
    folder = root / "build" / "sbom"
    folder.mkdir(parents=True, exist_ok=True)
    for part, lock in LOCKS.items():
        try:
            found = bill(root / lock)
        except ValueError as error:
            print(error, file=sys.stderr)
            return 1
        (folder / f"{part}.cdx.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        print(f"{len(found['components']):3} packages of {part}: build/sbom/{part}.cdx.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
