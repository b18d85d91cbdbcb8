"""Serve the housing model as production would, and print its address with a ready curl line. Ctrl-C stops it.

python examples/housing/demo.py [--port PORT]
"""

import argparse
import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

HERE = Path(__file__).parent
HOST = "127.0.0.1"
PATIENCE = 60

HOUSE = {
    "lotsize": 5850, "bedrooms": 3, "bathrms": 1, "stories": 2, "garagepl": 1, "driveway": True,
    "recroom": False, "fullbase": True, "gashw": False, "airco": False, "prefarea": False,
}  # fmt: skip


def find_port(wanted: int) -> int:
    """Return the wanted port, or any free one when somebody else has it."""
    for port in (wanted, 0):
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((HOST, port))
            except OSError:
                continue
            return int(listener.getsockname()[1])
    raise SystemExit(f"No port is free on {HOST}.")


def wait_until_ready(url: str, server: subprocess.Popen[bytes]) -> None:
    """Ask the health route until it answers. A server that ended, or never answers, ends the demo."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise SystemExit(server.returncode or 1)
        try:
            with urlopen(url, timeout=1):  # noqa: S310 - the address above, always http
                return
        except (URLError, TimeoutError, ConnectionError):  # not listening yet
            time.sleep(0.1)
    raise SystemExit(f"{url} did not answer within {PATIENCE} seconds.")


def serve(port: int) -> int:
    """Run the server in the foreground and return its exit status."""
    address = f"http://{HOST}:{port}"
    trine = Path(sys.executable).with_name("trine")
    server = subprocess.Popen([trine, "run", HERE / "app.py", "--port", str(port)])  # noqa: S603 - our own command
    signal.signal(signal.SIGTERM, lambda _number, _frame: server.terminate())
    try:
        wait_until_ready(f"{address}/health", server)
        print(f"\nHouse prices:  {address}/predict")
        print(f"Documentation: {address}/docs")
        print("\nTry it from another terminal:\n")
        print(f"curl -X POST {address}/predict -H 'Content-Type: application/json' -d '{json.dumps(HOUSE)}'")
        print("\nCtrl-C stops the server.\n", flush=True)
        return server.wait()
    except KeyboardInterrupt:
        # The terminal has told the server too: it drains, and the demo waits for that.
        return server.wait()
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8000, help="the port to try first")
    sys.exit(serve(find_port(parser.parse_args().port)))
