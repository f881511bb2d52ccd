"""Let GDAL write a Cloud-Optimized GeoTIFF in a process of its own.

It takes minutes in one call, in which Python hears no signal: so a stop ends it at once, and where it is killed for
the memory it takes, the operator is told.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread

from infra.archive.source import gdal_errors
from infra.errors import OperatorError


def write_cog(file: Path, made: Path, options: dict[str, str]) -> None:
    """Write `made` of what GDAL reads in `file`, by options of its COG driver. Raises OperatorError."""
    context = multiprocessing.get_context("spawn")
    hear, say = context.Pipe(duplex=False)
    process = context.Process(target=_write, args=(file, made, options, say), daemon=True)
    process.start()
    say.close()  # so that its end is heard
    try:
        refused = hear.recv()
        process.join()
    except EOFError:
        process.join()
        how = f"by signal {-code}: is there memory enough?" if (code := process.exitcode or 0) < 0 else f"with {code}"
        raise OperatorError(f"GDAL was ended before it was done, {how}") from None
    finally:
        process.kill()
        process.join()
        hear.close()
    if refused:
        raise OperatorError(refused)


def _write(file: Path, made: Path, options: dict[str, str], say: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it ends it
    Thread(target=_end_with_parent, daemon=True).start()
    try:
        with gdal_errors():
            import rasterio
            import rasterio.shutil

            with rasterio.Env(GDAL_NUM_THREADS="ALL_CPUS", GDAL_PAM_ENABLED="NO"):
                rasterio.shutil.copy(file, made, driver="COG", **options)
    except OperatorError as error:
        say.send(str(error))
    else:
        say.send("")


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
