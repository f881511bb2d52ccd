"""The schema: its migrations, how they run beside running functions, and the rights of the database's user."""
