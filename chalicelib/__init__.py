"""Bhuprahari, guardian of the land. Arrows point downward only.

api, functions      HTTP in; queue and clock in. Parse, call one use case, render
composition         which adapter answers which port
settings, logs      the environment's reader; JSON lines
adapters, vision    the outside world; pixels
application         use cases, one a file, and the ports they need: read open_sessions, capture_tile, compare_tile
domain              values and rules
"""
