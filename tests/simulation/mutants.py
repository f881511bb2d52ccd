"""Mutants: each guard of the trip removed, by name. The simulation is worth as much as it misses them."""
from contextlib import contextmanager
def hunt(*a, **k): return 0
