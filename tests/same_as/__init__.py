"""Proof that a change of the house is no change for anybody outside it: this tree against an earlier release.

`python -m tests.same_as 548a6ad`           what people see of both, compared
`python -m tests.same_as.house 548a6ad`     how both are built, side by side
`python -m tests.same_as.rolling 548a6ad`   an upgrade of a filled home, the old code serving beside the new
`python -m tests.same_as.keep_home`         a small filled home of 548a6ad, kept for the tests of every later upgrade

The first three take `--now REVISION` to look at a later release instead of this tree. What may differ is one table:
`allowed.py`.

Each release is run as it stands, in a process of its own, and is looked at where it meets the world: its commands, its
HTTP, its files. Of the modules inside, only `app`, `infra.schema` and the commands (`infra.local`, `infra.migrate`,
`infra.server`, `infra.ops`, `infra.aws`) are named; `keep_home` names what 548a6ad's tests had to record it, too. Both
run with the packages of this tree's .venv.
"""
