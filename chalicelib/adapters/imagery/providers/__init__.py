"""One file a provider: its descriptor."""
