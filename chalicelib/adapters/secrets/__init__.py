"""Secrets by name: one file a store."""
