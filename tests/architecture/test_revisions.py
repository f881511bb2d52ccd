"""Every revision can run beside the code of the release before; a revision that cannot is noticed."""

import pytest

from tests.support.databases.revisions import faults, released_versions, revisions, sql_of

LATER = revisions()[1:]  # the first makes the tables: nothing runs beside it
GOOD_DOC = '"""more of areas.\n\nExpand: old code never names the column.\n"""'
ADD = 'op.add_column("area_configs", sa.Column("mood", sa.String(8), server_default="a:b", nullable=False))'
BACK = """with op.batch_alter_table("area_configs") as area:
        area.drop_column("mood")"""


def a_revision(folder, *, doc=GOOD_DOC, up=ADD, down=BACK):
    path = folder / "0002_more.py"
    path.write_text(
        f"{doc}\nimport sqlalchemy as sa\nfrom alembic import op\nrevision, down_revision = '0002', '0001'\n\n"
        f"def upgrade():\n    {up}\n\ndef downgrade():\n    {down}\n"
    )
    return path


def test_the_revisions_are_numbered_in_a_row():
    assert [path.name[:4] for path in revisions()] == [f"{number:04}" for number in range(1, len(revisions()) + 1)]


def test_no_revision_blocks_or_breaks_what_runs_beside_it():
    assert {path.name: faults(path, released=released_versions()) for path in LATER} == {
        path.name: [] for path in LATER
    }


def test_a_column_is_added_without_touching_a_row(tmp_path):
    path = a_revision(tmp_path)
    assert faults(path, released=set()) == []
    (statement,) = sql_of(path)
    assert statement.endswith("ADD COLUMN mood VARCHAR(8) NOT NULL DEFAULT 'a:b', ALGORITHM=INSTANT, LOCK=DEFAULT")


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"up": f"{ADD}\n    {ADD.replace('mood', 'moon')}"}, "it has 2 DDL statements"),
        ({"up": "pass"}, "it has 0 DDL statements"),
        ({"up": "op.execute('ALTER TABLE area_configs ADD COLUMN mood INT')"}, "does not say how to run beside others"),
        (
            {"up": "op.execute('ALTER TABLE area_configs ADD COLUMN mood INT, ALGORITHM=COPY, LOCK=SHARED')"},
            "does not say how to run beside others",
        ),
        (
            {"up": "op.alter_column('area_configs', 'name', type_=sa.Text(), existing_type=sa.String(200))"},
            "does not say how to run beside others",
        ),
        ({"doc": '"""more of areas."""'}, "its docstring must have one line"),
        ({"doc": '"""x.\n\nExpand: yes.\nContract of 0001, released in 1.0.0: yes.\n"""'}, "must have one line"),
        (
            {"up": "op.execute('ALTER TABLE area_configs DROP COLUMN name, ALGORITHM=INSTANT, LOCK=DEFAULT')"},
            "an expanding revision may take nothing away",
        ),
        (
            {"up": "op.execute('ALTER TABLE area_configs RENAME COLUMN name TO n, ALGORITHM=INSTANT, LOCK=DEFAULT')"},
            "an expanding revision may take nothing away",
        ),
        ({"doc": '"""x.\n\nContract of 0002, released in 9.9.9: gone.\n"""'}, "9.9.9 is no released version"),
        ({"doc": '"""x.\n\nContract of 0007, released in 1.0.0: gone.\n"""'}, "there is no revision 0007"),
        ({"down": "pass"}, "its downgrade does nothing"),
    ],
)
def test_a_revision_that_breaks_a_rule_is_noticed(tmp_path, parts, says):
    found = faults(a_revision(tmp_path, **parts), released={"1.0.0"})
    assert any(says in fault for fault in found), found


def test_a_contraction_after_its_release_is_taken(tmp_path):
    a_revision(tmp_path)
    up = "op.execute('ALTER TABLE area_configs DROP COLUMN mood, ALGORITHM=INSTANT, LOCK=DEFAULT')"
    doc = '"""less.\n\nContract of 0002, released in 0.2.0: nobody names it.\nNo way back: the words are gone.\n"""'
    path = a_revision(tmp_path, doc=doc, up=up, down="pass").rename(tmp_path / "0003_less.py")
    a_revision(tmp_path)
    assert faults(path, released=released_versions("## [0.2.0] - 2027-01-01\n## [Unreleased]\n")) == []
