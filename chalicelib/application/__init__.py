"""Use cases, one a file: what the product does, in terms of ports. Each is safe to repeat, and says why."""
