"""Proof that a change of the house is no change for anybody outside it: this tree against an earlier release.

`python -m tests.same_as 548a6ad`           what people see of both, compared
`python -m tests.same_as.house 548a6ad`     how both are built, side by side
`python -m tests.same_as.rolling 548a6ad`   an upgrade of a filled home, the old code serving beside the new

Each release is run as it stands, in a process of its own, and is looked at where it meets the world: its commands, its
HTTP, its files. Names of modules inside of it are used in two places only: `app.app` and `infra.schema.statements`.
"""
