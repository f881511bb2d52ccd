"""Everything on one server without AWS: `python -m infra.server`; docs/self-host.md is its page."""
