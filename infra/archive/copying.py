"""Let GDAL write a Cloud-Optimized GeoTIFF in a process of its own.

It takes minutes in one call, in which Python hears no signal: so a stop ends it at once, and where it is killed for
the memory it takes, the operator is told.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from threading import Thread

from infra.archive.source import gdal_errors
from infra.errors import OperatorError

_REFUSED = 3  # the exit status: its words are on standard output


def write_cog(file: Path, made: Path, options: dict[str, str]) -> None:
    """Write `made` of what GDAL reads in `file`, by options of its COG driver. Raises OperatorError."""
    command = [sys.executable, "-m", "infra.archive.copying", str(file), str(made), json.dumps(options)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    # In a group of its own: a stop is for whoever started it, and ends it.
    with subprocess.Popen(command, env=environment, process_group=0, **pipes) as process:  # noqa: S603 (our own)
        try:
            says = process.stdout.read() if process.stdout else b""
            status = process.wait()
        finally:
            process.kill()
    if status == _REFUSED:
        raise OperatorError(says.decode())
    if status:
        how = f"by signal {-status}: is there memory enough?" if status < 0 else f"with {status}"
        raise OperatorError(f"GDAL was ended before it was done, {how}")


def main() -> int:
    """Write one file, as `write_cog` asks for it; end where that ends."""
    file, made, options = sys.argv[1:]
    Thread(target=_end_with_parent, daemon=True).start()
    try:
        with gdal_errors():
            import rasterio
            import rasterio.shutil

            with rasterio.Env(GDAL_NUM_THREADS="ALL_CPUS", GDAL_PAM_ENABLED="NO"):
                rasterio.shutil.copy(file, made, driver="COG", **json.loads(options))
    except OperatorError as error:
        sys.stdout.buffer.write(str(error).encode(errors="replace"))
        return _REFUSED
    return 0


def _end_with_parent() -> None:
    os.read(0, 1)  # nothing comes: it ends when the parent does
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
