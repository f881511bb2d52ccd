"""Compare what people see of an earlier release and of this tree: python -m tests.same_as 548a6ad.

Exits with 1 on any difference that `allowed.py` does not list. The older release's part is kept under build/.
"""

import argparse
import hashlib
import json
import sys
import tempfile
import time
from pathlib import Path

from tests.same_as.comparing import PARTS, difference
from tests.same_as.evidence import gathered
from tests.same_as.releases import RELEASE, ROOT, NoRelease, checked_out, commit_of, tree_of

SHOWN = 60  # lines of a difference
KEPT = ROOT / "build" / "same-as"


def main(arguments=None):
    options = argparse.ArgumentParser(prog="python -m tests.same_as", description=__doc__)
    options.add_argument("release", nargs="?", default=RELEASE, help="a commit or tag (default %(default)s)")
    options.add_argument("--all", action="store_true", help="show differences whole")
    options.add_argument("--now", metavar="REVISION", help="a later release instead of this tree")
    asked = options.parse_args(arguments)
    try:
        before = of_release(asked.release)
        with tree_of(asked.now) as tree, tempfile.TemporaryDirectory(prefix="bhu-") as folder:
            after = _timed(asked.now or "this tree", tree, folder)
    except NoRelease as error:
        print(f"cannot compare: {error}", file=sys.stderr)
        return 2
    differing = [part for part in PARTS if not _told(part, before, after, asked.all)]
    print(f"{len(differing)} parts differ from {asked.release}: {', '.join(differing)}" if differing else "the same")
    return 1 if differing else 0


def of_release(revision):
    """Give an earlier release's lines: kept ones, if this tool gathered them as it is now."""
    tool = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    commit = commit_of(revision)
    kept = KEPT / f"{commit[:12]}-{hashlib.sha256(tool).hexdigest()[:12]}.json"
    if not kept.exists():
        with checked_out(commit) as tree, tempfile.TemporaryDirectory(prefix="bhu-") as folder:
            lines = _timed(revision, tree, folder)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(lines, ensure_ascii=False), encoding="utf-8")
    return json.loads(kept.read_text(encoding="utf-8"))


def _timed(name, tree, folder):
    began = time.monotonic()
    lines = gathered(tree, Path(folder).resolve())
    print(f"{name}: looked at in {time.monotonic() - began:.0f} s", flush=True)
    return lines


def _told(part, before, after, is_whole):
    found = difference(part, before[part], after[part])
    print(f"{part:16} {len(after[part]):5} lines  {'same' if not found else f'{len(found)} lines differ'}")
    shown = found if is_whole else found[:SHOWN]
    print("".join(f"    {line}\n" for line in shown), end="")
    if len(shown) < len(found):
        print(f"    and {len(found) - len(shown)} more: --all shows them")
    return not found


if __name__ == "__main__":
    sys.exit(main())
