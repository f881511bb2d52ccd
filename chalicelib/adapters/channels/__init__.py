"""The ways to people: one file a channel."""
