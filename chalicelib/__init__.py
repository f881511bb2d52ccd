"""Bhuprahari, guardian of the land. Arrows point downward only.

api, functions   doors: HTTP in; queue and clock in. Parse, call one domain function, render
wiring           which adapter answers which port
adapters         the outside world        vision  pixels
settings         the knobs                logs    JSON lines
domain           values, rules, ports, and the trip: read domain/monitoring.py first
"""
