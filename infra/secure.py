"""Look for what an attacker would like, in the code (bandit) and in the tree (secrets): python -m infra.secure.

What both tools find and is none stands in secure.toml, each with its reason; a comment in the code silences neither.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TABLE = Path(__file__).with_suffix(".toml")
CODE = ("app.py", "chalicelib/", "infra/", "landscape/", "layers/", "research/")  # tests assert, and make things up
LOCK = re.compile(r"(^|/)requirements[\w-]*\.txt$")  # names and hashes: infra.sbom reads them
AT_ONCE = 40  # files
PLUGINS = [
    *({"name": name} for name in ("AWSKeyDetector", "AzureStorageKeyDetector", "BasicAuthDetector")),
    *({"name": name} for name in ("GitHubTokenDetector", "GitLabTokenDetector", "JwtTokenDetector")),
    *({"name": name} for name in ("KeywordDetector", "OpenAIDetector", "PrivateKeyDetector", "PypiTokenDetector")),
    *({"name": name} for name in ("SendGridDetector", "SlackDetector", "StripeDetector")),
    {"name": "Base64HighEntropyString", "limit": 4.5},
    {"name": "HexHighEntropyString", "limit": 3.0},
]
# Not among them: what lets a comment silence a finding.
FILTERS = [
    {"path": f"detect_secrets.filters.heuristic.{name}"}
    for name in (
        "is_indirect_reference",
        "is_likely_id_string",
        "is_non_text_file",
        "is_not_alphanumeric_string",
        "is_potential_uuid",
        "is_prefixed_with_dollar_sign",
        "is_sequential_string",
        "is_templated_secret",
    )
]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found: where, of which kind, and the text itself if it looks like a secret."""

    path: str
    line: int
    kind: str
    says: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """One exception of the table, with its reason: a kind at paths (or in folders), or values wherever they stand."""

    kind: str
    paths: tuple[str, ...]
    values: frozenset[str]
    reason: str

    def covers(self, found: Finding) -> bool:
        """Is that finding meant?"""
        if self.values:
            return found.value in self.values
        in_them = any(found.path == path or (path.endswith("/") and found.path.startswith(path)) for path in self.paths)
        return in_them and found.kind == self.kind


def table(path: Path = TABLE) -> list[Known]:
    """Read the exceptions. Raises ValueError for one without a reason, or that would let anything through."""
    known = []
    for row in tomllib.loads(path.read_text(encoding="utf-8"))["known"]:
        each = Known(row.get("kind", ""), tuple(row.get("paths", ())), frozenset(row.get("values", ())), row["reason"])
        if len(each.reason) < 20 or not (each.values or (each.kind and each.paths)) or {"", "/"} & set(each.paths):
            raise ValueError(f"an exception names a kind and paths, or values, and says why: {row}")
        known.append(each)
    return known


def flaws(root: Path, names: Iterable[str]) -> list[Finding]:
    """Return what bandit finds in those files."""
    from bandit.core.config import BanditConfig
    from bandit.core.manager import BanditManager

    manager = BanditManager(BanditConfig(), "file", ignore_nosec=True, quiet=True)
    manager.discover_files([str(root / name) for name in names])
    manager.run_tests()
    if manager.skipped:
        raise ValueError(f"bandit cannot read {manager.skipped}")
    return [
        Finding(Path(issue.fname).relative_to(root).as_posix(), issue.lineno, issue.test_id, issue.text)
        for issue in manager.get_issue_list()
    ]


def secrets(root: Path, names: Iterable[str]) -> list[Finding]:
    """Return what looks like a key or a password in those files."""
    from detect_secrets.core.scan import scan_file
    from detect_secrets.settings import transient_settings

    with transient_settings({"plugins_used": PLUGINS, "filters_used": FILTERS}):
        return [
            Finding(name, each.line_number, each.type, "looks like a secret", each.secret_value or "")
            for name in names
            for each in scan_file(str(root / name))
        ]


def examine(root: Path, names: Iterable[str], known: list[Known]) -> tuple[list[Finding], list[Known]]:
    """Return what was found and is not meant, and the exceptions that nothing needs any more."""
    files = sorted(name for name in names if not LOCK.search(name))
    code = [name for name in files if name.startswith(CODE) and name.endswith(".py")]
    with ProcessPoolExecutor() as pool:
        asked = [pool.submit(flaws, root, code)]
        asked += [pool.submit(secrets, root, files[at : at + AT_ONCE]) for at in range(0, len(files), AT_ONCE)]
        found = sorted(
            set(chain.from_iterable(each.result() for each in asked)), key=lambda each: (each.path, each.line)
        )
    used = {each for each in known for finding in found if each.covers(finding)}
    return [each for each in found if not any(row.covers(each) for row in known)], [k for k in known if k not in used]


def tracked(root: Path) -> Iterator[str]:
    """Yield the files of a checkout that are or may soon be part of it: tracked, or new and not ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout  # noqa: S603 (ours)
    yield from (name for name in listed.split("\0") if name and (root / name).is_file())


def main() -> int:
    """Print what was found; 1 if there is anything."""
    found, unused = examine(ROOT, tracked(ROOT), table())
    for each in found:
        shown = f": {each.value[:6]}…" if each.value else ""  # never whole: a gate's log is read by many
        print(f"{each.path}:{each.line}: {each.kind}: {each.says}{shown}")
    for row in unused:
        print(f"{TABLE.relative_to(ROOT)}: used no more, take it out: {row.kind or 'values'}: {row.reason}")
    if found:
        print(f"{len(found)} findings: mend them, or say in {TABLE.relative_to(ROOT)} why one is none")
    return int(bool(found or unused))


if __name__ == "__main__":
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    sys.exit(main())
