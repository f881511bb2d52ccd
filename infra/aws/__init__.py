"""Bhuprahari on AWS: what a stage stands on, its deploy, a walk through what runs, what it costs, and its end."""
