"""The rules of a migration that runs beside the old code, looked up in the revision and in the SQL that MySQL gets."""

import ast
import io
import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.operations import Operations

from chalicelib.adapters.database.schema import online_ddl
from chalicelib.adapters.database.schema.migrate import MIGRATIONS
from tests.support.sources import ROOT

assert online_ddl, "it registers how MySQL is migrated"
DDL = re.compile(r"^(ALTER|CREATE|DROP|RENAME|TRUNCATE)\b", re.IGNORECASE)
WHOLE_TABLE = re.compile(r"^(CREATE|DROP) TABLE\b", re.IGNORECASE)  # nobody uses it yet, or any more
ONLINE = re.compile(
    r"ALGORITHM\s*=\s*(INSTANT\b.*LOCK\s*=\s*DEFAULT|(INPLACE|NOCOPY)\b.*LOCK\s*=\s*NONE)", re.IGNORECASE
)
EXPAND = re.compile(r"^Expand: \w+", re.MULTILINE)
CONTRACT = re.compile(r"^Contract of (\d{4}), released in (\d+\.\d+\.\d+): \w+", re.MULTILINE)
TAKES_AWAY = re.compile(r"\bDROP (?!INDEX\b)|\bRENAME\b|\bMODIFY\b|\bCHANGE\b", re.IGNORECASE)


def revisions(folder=MIGRATIONS / "versions"):
    """Give the files of the revisions, oldest first."""
    return sorted(folder.glob("[0-9]*_*.py"))


def sql_of(path, direction="upgrade", dialect="mysql"):
    """Give the statements that a revision sends to a database."""
    written = io.StringIO()
    options = {"as_sql": True, "output_buffer": written}
    spec = spec_from_file_location(f"revision_{path.stem}", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    with Operations.context(MigrationContext.configure(dialect_name=dialect, opts=options)):
        getattr(module, direction)()
    statements = (" ".join(statement.split()) for statement in written.getvalue().split(";"))
    return [statement for statement in statements if statement]


def released_versions(changelog=None):
    """Give the versions that the changelog says were released."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8") if changelog is None else changelog
    return set(re.findall(r"^## \[(\d+\.\d+\.\d+)\]", text, re.MULTILINE))


def faults(path, *, released):
    """Name what is wrong with a revision after the first; nothing if old code and new code can both live with it."""
    doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    ddl = [statement for statement in sql_of(path) if DDL.match(statement)]
    found = []
    if len(ddl) != 1:
        found.append(f"it has {len(ddl)} DDL statements: MySQL commits each by itself, so a revision has one")
    found += [
        f"it does not say how to run beside others: {one}"
        for one in ddl
        if not (WHOLE_TABLE.match(one) or ONLINE.search(one))
    ]
    expand, contract = EXPAND.search(doc), CONTRACT.search(doc)
    if (expand is None) == (contract is None):
        found.append("its docstring must have one line: 'Expand: why' or 'Contract of NNNN, released in X.Y.Z: why'")
    if expand and any(TAKES_AWAY.search(one) for one in ddl):
        found.append("an expanding revision may take nothing away")
    if contract and contract[2] not in released:
        found.append(f"it contracts what {contract[1]} expanded, and {contract[2]} is no released version")
    if contract and not list(Path(path).parent.glob(f"{contract[1]}_*.py")):
        found.append(f"there is no revision {contract[1]}")
    if not _has_way_back(path) and "No way back:" not in doc:
        found.append("its downgrade does nothing: write it, or a line 'No way back: why' in the docstring")
    return found


def _has_way_back(path):
    try:
        return bool([statement for statement in sql_of(path, "downgrade") if DDL.match(statement)])
    except AttributeError:
        return False
