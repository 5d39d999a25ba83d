"""gunicorn as AVA runs it: its configuration, and what is done around its worker processes."""

import os
from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication

from ava import addresses, slots


class Arbiter(BaseApplication):
    """gunicorn in this process, which forks the workers and replaces those that die.

    Args:
        values: the variables, by name.
        welcome: called once the port is open.
    """

    def __init__(self, values: dict[str, Any], *, welcome: Callable[[], None]) -> None:
        self._values = values
        self._welcome = welcome
        super().__init__()

    def load_config(self) -> None:
        for name, value in configuration(self._values).items():
            self.cfg.set(name, value)
        self.cfg.set("when_ready", lambda arbiter: self._welcome())

    def load(self) -> Any:
        from ava.wsgi import application

        return application


def configuration(values: dict[str, Any]) -> dict[str, Any]:
    """gunicorn's settings: one place, used under script/server and in production."""
    return {
        "bind": addresses.address(values).removeprefix("http://"),
        "worker_class": "ava.worker.Worker",
        "workers": values["WEB_CONCURRENCY"],
        "threads": values["AVA_THREADS"],
        "graceful_timeout": 30,
        "keepalive": 5,
        "loglevel": "warning",
        "logger_class": "ava.worker.Logger",
        # Whether a proxy may say "https" is AVA_TRUSTED_PROXIES' business alone.
        "forwarded_allow_ips": "",
        "control_socket_disable": True,
        # The heartbeat file must not wait for a slow disk.
        "worker_tmp_dir": "/dev/shm" if os.access("/dev/shm", os.W_OK) else None,  # noqa: S108
        **(_SLOTS if values["WEB_CONCURRENCY"] > 1 else {}),
    }


_SLOTS = {"pre_fork": slots.assign, "post_fork": slots.take, "child_exit": slots.leave}
