"""The playground in a Jupyter server: a tile of its launcher, started and shown by jupyter-server-proxy."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Any


def launcher() -> dict[str, Any]:
    """Return how jupyter-server-proxy starts the playground; the entry point of `jupyter_serverproxy_servers`.

    On a Unix socket, so that on a machine of many users the proxy's login is the only way in.

    Examples
    --------
    >>> launcher()["launcher_entry"]["title"]
    'glassnet playground'
    """
    unix = hasattr(socket, "AF_UNIX")
    listen = ["--socket", "{unix_socket}"] if unix else ["--port", "{port}"]
    return {
        "command": [sys.executable, "-m", "glassnet", "play", "--no-browser", *listen],
        "unix_socket": True if unix else None,
        "timeout": 60,
        "new_browser_tab": False,
        "launcher_entry": {
            "title": "glassnet playground",
            "icon_path": str(Path(__file__).parent / "static" / "icon.svg"),
        },
    }
