"""How gunicorn serves the app. The command line says where it listens and with how many processes and threads."""

import os
import sys

worker_class = "gthread"
graceful_timeout = 40  # seconds: longer than the longest answer (BHUPRAHARI_COMPARE_WAIT_S and what it takes to answer)
keepalive = 75  # seconds: longer than nginx keeps its idle connections, so that it never writes into a closed one
backlog = 512
# As much as the site lets through (`large_client_header_buffers`): nginx says what is too long in the API's own words.
limit_request_line = 8190
limit_request_fields = 8192
MEMORY = "/dev/shm"  # noqa: S108 (gunicorn makes its own file there; a disk that waits must not look like a hang)
worker_tmp_dir = MEMORY if os.access(MEMORY, os.W_OK) else None
control_socket_disable = True  # systemd starts and stops it
accesslog = None  # the app's middleware logs each request once, without its query
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "chalicelib.logs.JsonLines"}},
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stdout"}},
    "root": {"level": "INFO", "handlers": []},  # the app sets its own there
    "loggers": {"gunicorn.error": {"level": "INFO", "handlers": ["out"], "propagate": False}},
}


def post_worker_init(_worker: object) -> None:
    """Let threads take turns each millisecond, not each five.

    A short answer waits for its turn after each of its statements, while a long one is written beside it.
    """
    sys.setswitchinterval(0.001)
