"""Commands for people: setting up, running on one machine, the schema."""
