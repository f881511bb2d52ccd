"""Values, rules, ports, and the trip. Standard library only."""
