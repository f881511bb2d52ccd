"""`make size`: MiB of each function with its layers, zipped and unzipped, against what Lambda takes."""

from __future__ import annotations

import zipfile
from pathlib import Path

from infra.aws import layers, package
from infra.aws.configuration import LAYERED, Configuration
from infra.errors import OperatorError

MAX_UNZIPPED_MIB, MAX_ZIPPED_MIB = 240, package.DIRECT_MIB  # of 250, and of one direct upload


def check(root: Path, stage: str) -> None:
    """Print the table. Raises OperatorError for a function that is too large."""
    configuration = Configuration(root, stage)
    archive = package.build(root, stage, region="us-east-1")
    code = _mib(archive)
    parts = {name: _mib(layers.built(root, name, configuration.architecture)) for name in layers.NAMES}
    print(f"MiB zipped/unzipped, {configuration.architecture}")
    print(f"{'function':15} {'code':>13} {'layer':>22} {'together':>10}")
    too_large = []
    for function in configuration.functions:
        layer = LAYERED.get(function, "")
        own = parts.get(layer, (0.0, 0.0))
        together = code[1] + own[1]
        said = f"{layer} {own[0]:.1f}/{own[1]:.1f}" if layer else ""
        print(f"{function:15} {code[0]:6.1f}/{code[1]:6.1f} {said:>22} {together:10.1f}")
        if together > MAX_UNZIPPED_MIB:
            too_large.append(f"{function} has {together:.1f} MiB unzipped, more than {MAX_UNZIPPED_MIB}")
    if code[0] > MAX_ZIPPED_MIB:
        too_large.append(f"the package has {code[0]:.1f} MiB, more than the {MAX_ZIPPED_MIB} of a direct upload")
    if too_large:
        raise OperatorError("; ".join(too_large))


def _mib(archive: Path) -> tuple[float, float]:
    with zipfile.ZipFile(archive) as opened:
        unzipped = sum(each.file_size for each in opened.infolist())
    return archive.stat().st_size / 2**20, unzipped / 2**20
