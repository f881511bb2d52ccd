"""A deterministic simulation of the trip: the real handlers, use cases and database adapter, on a simulated world.

One seed makes one history: several workers and clients that are interleaved at every call of a port and every
transaction, with kills, errors, clock jumps and lost objects; then a quiet phase in which everything has to settle;
then the invariants. `python -m tests.simulation --help`
"""
