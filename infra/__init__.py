"""What stands around the app: setup, the local runner, the schema document."""
