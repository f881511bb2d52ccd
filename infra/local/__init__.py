"""Everything on one machine: `python -m infra.local`."""
