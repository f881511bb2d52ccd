"""What the use cases need of the outside world, in our words: one Protocol a file. Adapters answer, tests bring fakes.

A port whose answers are rows runs one transaction a method; messages that it returns are in the outbox already.
"""
