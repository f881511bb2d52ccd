"""One file per provider of imagery."""
