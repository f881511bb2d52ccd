"""What the code of an earlier schema says to its database, recorded, to be said again to a newer schema.

`python -m tests.support.old_code` records today's code at today's revision, before a new one is added: a file for each
engine.
"""
