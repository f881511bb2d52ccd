"""Bring the database of the settings to the newest schema: python -m infra.migrate."""

from chalicelib import wiring
from chalicelib.adapters.database.migrate import to_head


def main() -> None:
    """Migrate, and say where to."""
    engine = wiring.engine()
    print(f"{engine.url.render_as_string()} is at revision {to_head(engine)}")


if __name__ == "__main__":
    main()
