"""Autobahn's own WebSocket suite, unmodified, against real servers: `python tests/websocket/autobahn.py` writes AUTOBAHN.md.

The suite (autobahntestsuite, from PyPI) needs Python 2.7: `PYTHON2` names one. It is installed into .tools/autobahn at
the first run.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
TOOLS = ROOT / ".tools" / "autobahn"
VERSION = "25.10.1"
TRINE = ["trine", "run", str(HERE / "autobahn_app.py"), "--no-access-log"]
GRANIAN = ["granian", "--working-dir", str(HERE), "--log-level", "warning", "--interface", "rsgi"]
UVICORN = ["uvicorn", "--app-dir", str(HERE), "--log-level", "warning", "--ws-max-size", "67108864"]
CASES = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.*", "10.*"]
COMPRESSION = ["12.*", "13.*"]
"""Granian negotiates none. They take long: each of the 216 sends a thousand messages, which the suite's own client compresses in
Python 2, and one alone may need more than a minute."""
SERVERS = {
    "Granian, RSGI": (TRINE, CASES),
    "Granian, ASGI": ([*TRINE, "--asgi"], CASES),
    "Granian, an application by hand": ([*GRANIAN, "autobahn_raw:rsgi"], CASES),
    "Uvicorn": ([*TRINE, "--server", "uvicorn"], CASES),
    "Uvicorn, an application by hand": ([*UVICORN, "autobahn_raw:app"], CASES),
    "Uvicorn with wsproto": ([*UVICORN, "--ws", "wsproto", "autobahn_app:app"], CASES),
    "Uvicorn, compression": ([*TRINE, "--server", "uvicorn"], COMPRESSION),
}
RUN = (
    "import sys; sys.argv = ['wstest', '-m', 'fuzzingclient', '-s', sys.argv[1]]; from autobahntestsuite.wstest import run; run()"
)


def main() -> None:
    """Run every case against every server, and write the table."""
    python = os.environ.get("PYTHON2") or shutil.which("python2.7")
    if python is None:
        sys.exit("Autobahn's suite needs Python 2.7: set PYTHON2 to one.")
    install(python)
    found = {name: run(python, name, *SERVERS[name]) for name in sys.argv[1:] or SERVERS}
    (HERE / "AUTOBAHN.md").write_text(report(found))


def install(python: str) -> None:
    """Install the suite where it is not there yet."""
    if (TOOLS / "autobahntestsuite").exists():
        return
    subprocess.run([python, "-m", "pip", "install", "--target", TOOLS, f"autobahntestsuite=={VERSION}"], check=True)
    # Installed like this, pip for Python 2 leaves the namespace package without its file.
    (TOOLS / "zope" / "__init__.py").touch()


def run(python: str, name: str, command: list[str], cases: list[str]) -> dict[str, dict[str, str]]:
    """Run the suite against one server; give each case's verdicts."""
    reports = TOOLS / "reports" / name.replace(",", "").replace(" ", "-").lower()
    shutil.rmtree(reports, ignore_errors=True)
    reports.mkdir(parents=True)
    with serving(command) as port:
        servers = [{"agent": "trine", "url": f"ws://127.0.0.1:{port}"}]
        spec = reports / "spec.json"
        spec.write_text(json.dumps({"outdir": str(reports), "servers": servers, "cases": cases, "exclude-cases": []}))
        subprocess.run(
            [python, "-c", RUN, spec], check=True, env=os.environ | {"PYTHONPATH": str(TOOLS)}, stdout=subprocess.DEVNULL
        )
    verdicts: dict[str, dict[str, str]] = json.loads((reports / "index.json").read_text())["trine"]
    return verdicts


@contextmanager
def serving(command: list[str]):
    """Serve the echo on a free port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    program = str(Path(sys.executable).with_name(command[0]))
    with subprocess.Popen(
        [program, *command[1:], "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        if process.poll() is not None:
            sys.exit(f"The server ended with {process.returncode}.")
        yield port
        process.terminate()


def report(found: dict[str, dict[str, dict[str, str]]]) -> str:
    """The table, and every case that is not strictly passed."""
    lines = [
        "# Autobahn's WebSocket suite",
        "",
        f"Written by `tests/websocket/autobahn.py`: autobahntestsuite {VERSION}, unmodified, cases {', '.join(CASES)};",
        f"compression ({', '.join(COMPRESSION)}) where a row says so: Granian negotiates none. What an application by hand",
        "gets as well is the server's own behaviour: Uvicorn answers a broken frame before the messages that came with it.",
        "Informational cases have no right answer. Unclean: the connection did not end as the case asks for.",
        "",
        "| server | cases | strict | non-strict | informational | failed | unclean |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, verdicts in found.items():
        behaviour = Counter(verdict["behavior"] for verdict in verdicts.values())
        unclean = sum(verdict["behaviorClose"] not in ("OK", "INFORMATIONAL") for verdict in verdicts.values())
        counts = [behaviour[kind] for kind in ("OK", "NON-STRICT", "INFORMATIONAL", "FAILED")]
        lines.append(f"| {name} | {len(verdicts)} | {' | '.join(map(str, counts))} | {unclean} |")
    for name, verdicts in found.items():
        odd = [case for case, verdict in verdicts.items() if verdict["behavior"] in ("NON-STRICT", "FAILED")]
        kinds = [f"{case} ({verdicts[case]['behavior'].lower()})" for case in sorted(odd, key=_place)]
        lines += ["", f"{name}, not strict: {', '.join(kinds) or 'none'}."]
    return "\n".join(lines) + "\n"


def _place(case: str) -> list[int]:
    return [int(part) for part in case.split(".")]


if __name__ == "__main__":
    main()
