"""Image bytes by key: one file a store."""
