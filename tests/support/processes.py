"""What a new process has: settings read from its environment, and ports that nobody has asked for yet."""

from chalicelib.composition import process_ports
from chalicelib.settings import settings


def forget():
    """Let the next look at the settings and ports of the process be its first."""
    settings.cache_clear()
    process_ports.cache_clear()
