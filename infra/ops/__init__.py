"""The operator's commands: `python -m infra.ops doctor | stuck | redrive | replay | audit`."""
