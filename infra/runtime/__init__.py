"""What runs the app where AWS does not: its gateway, its worker, its schedules. For infra.local and infra.server."""
