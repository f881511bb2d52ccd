"""From the bytes of an image file to its pixels: the one intake, for the providers that decode and for the gate.

It lies below `adapters` and `vision`, as neither may import the other. `decode.py` is the way in.
"""
