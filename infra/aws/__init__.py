"""Bhuprahari on AWS: the infrastructure of a stage, its deploy, its smoke test, its cost and its removal."""
