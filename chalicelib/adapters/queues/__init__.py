"""The way to the queues: one file a carrier."""
