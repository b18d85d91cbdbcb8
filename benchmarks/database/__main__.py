"""Time rows from a database as JSON: Trine, what is written by hand, and the ORMs of the field, through real servers.

    make bench-data ARGS="--databases postgresql --rounds 5 --seconds 2"
    make bench-data ARGS="--databases sqlite --works one,twenty --apps trine,fastapi-sqlalchemy --seconds 1 --label try"

The first of them takes about twelve minutes. Every application has a copy of the same rows; only the CPU time of its own
processes counts, the database's does not. PostgreSQL is a private one, on the core of the load generator.
"""

import argparse
import importlib.metadata
import platform
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ..__main__ import _machine, _names_of, write_report
from ..contenders import Contender
from ..gate import VOLATILE, GateFailed, send
from ..load import LoadFailed, generate
from ..results import Figure, Results, Run
from ..servers import Server, ServerFailed, running
from ..workloads import Request
from .contenders import ALL, BY_NAME
from .report import print_ratios, write_table
from .servers import Databases, postgresql_databases, sqlite_databases
from .works import WORKS, Work, check, write_turns

HERE = Path(__file__).resolve().parent
DATABASES = ("postgresql", "sqlite")


def main() -> int:
    """Measure one database after the other, and write the table."""
    options = _parser().parse_args()
    if options.list:
        print("\n".join(f"{one.name:20} {one.server:16} {' '.join(sorted(one.workloads))}" for one in ALL if one.is_installed()))
        return 0
    if shutil.which("wrk") is None:
        print("wrk is not installed. Install it with: apt-get install wrk", file=sys.stderr)
        return 2
    # Whoever ends the run by a signal leaves no server behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    results = Results(_path(options))
    results.machine.update(_machine())
    results.machine["note"] = options.note
    contenders = [BY_NAME[name] for name in options.apps or BY_NAME if BY_NAME[name].is_installed()]
    for name in {package for contender in contenders for package in contender.packages}:
        results.versions[name] = importlib.metadata.version(name)
    for database in options.databases or DATABASES:
        taking_part = [contender for contender in contenders if database in contender.workloads]
        with _databases(database, options) as databases:
            measure(database, taking_part, databases, options, results)
    if options.label is None:
        write_table(results, HERE.parent / "results" / "database.md")
        write_report()
    return 0


def _path(options: argparse.Namespace) -> Path:
    if options.label:
        return HERE.parents[1] / ".cache" / "benchmarks" / f"database-{options.label}.json"
    return HERE.parent / "results" / "database" / f"{platform.python_version()}.json"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.database", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--databases", type=_names_of(dict.fromkeys(DATABASES)), help="postgresql,sqlite; both when absent")
    parser.add_argument("--works", type=_names_of(WORKS), help=f"of {','.join(WORKS)}; all when absent")
    parser.add_argument("--apps", type=_names_of(BY_NAME), help="see --list; all that are installed when absent")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of load, for each application and workload in each round")
    parser.add_argument("--warm-up", type=float, default=1.0, help="seconds of load before the first round")
    parser.add_argument("--connections", type=int, default=16, help="few: what is in flight at the end is work without an answer")
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--load-core", type=int, default=1, help="of the load generator, and of PostgreSQL")
    parser.add_argument("--port", type=int, default=9300, help="of the first application; the others follow")
    parser.add_argument("--label", help="keep the figures under this name, and out of RESULTS.md: for a run on a busy machine")
    parser.add_argument("--note", default="", help="one sentence about the circumstances, for RESULTS.md")
    parser.add_argument("--list", action="store_true", help="name the applications and leave")
    return parser


@contextmanager
def _databases(name: str, options: argparse.Namespace) -> Iterator[Databases]:
    with sqlite_databases() if name == "sqlite" else postgresql_databases(options.load_core) as databases:
        yield databases


def measure(
    database: str, contenders: list[Contender], databases: Databases, options: argparse.Namespace, results: Results
) -> None:
    """Time the workloads on one database. All applications run at once, and are loaded in turn."""
    # In the order of WORKS: what is read is checked before prices are changed.
    works = [work for work in WORKS.values() if work.name in (options.works or WORKS)]
    apps = [contender.name for contender in contenders]
    runs = {work.name: Run(f"{database} {work.name}", options.seconds, options.connections, apps, [], {}) for work in works}
    with ExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmarks-")))
        servers = _start(contenders, databases, options, logs, stack, runs)
        scripts = {work.name: write_turns(work, logs / f"{work.name}.lua") for work in works}

        def load(server: Server, work: Work, seconds: float) -> Figure:
            before = server.cpu()
            how = {"seconds": seconds, "connections": options.connections, "core": options.load_core}
            seen = generate(work.requests[0], scripts[work.name], server.port, **how)
            server.require_alive()
            return Figure.of(seen, server.cpu() - before, server.peak_mb())

        ready: dict[str, list[Server]] = {work.name: [] for work in works}
        for server in servers:
            for work in works:
                try:
                    _check(work, server, databases)
                    load(server, work, options.warm_up)
                except (GateFailed, LoadFailed, ServerFailed, OSError) as error:
                    _leave_out(runs[work.name], server.contender, error)
                    print((logs / f"{server.contender.name}.log").read_text()[-3000:], file=sys.stderr)
                else:
                    ready[work.name].append(server)
                databases.empty_entries(server.contender.name)
        _require_same_answers(ready[works[0].name])
        results.runs += runs.values()
        for number in range(options.rounds):
            for work in works:
                runs[work.name].rounds.append({})
                for server in ready[work.name]:
                    try:
                        runs[work.name].rounds[-1][server.contender.name] = load(server, work, options.seconds)
                    except (LoadFailed, ServerFailed) as error:
                        _leave_out(runs[work.name], server.contender, error)
                    if work.name == "insert":
                        databases.empty_entries(server.contender.name)
            results.save()
            print(f"{database}: round {number + 1} of {options.rounds}", file=sys.stderr, flush=True)
    for run in runs.values():
        print_ratios(run)


def _start(
    contenders: list[Contender],
    databases: Databases,
    options: argparse.Namespace,
    logs: Path,
    stack: ExitStack,
    runs: dict[str, Run],
) -> list[Server]:
    servers = []
    for number, contender in enumerate(contenders):
        environment = {"BENCHMARK_DATABASE": databases.make(contender.name)}
        try:
            servers.append(stack.enter_context(running(contender, options.port + number, options.server_core, environment, logs)))
        except ServerFailed as error:
            for run in runs.values():
                _leave_out(run, contender, error)
    return servers


def _check(work: Work, server: Server, databases: Databases) -> None:
    def ask(request: Request) -> tuple[int, bytes]:
        status, _, body = send(request, server.port)
        return status, body

    name = server.contender.name
    databases.empty_entries(name)
    check(work, ask, lambda: databases.empty_entries(name))


def _leave_out(run: Run, contender: Contender, error: Exception) -> None:
    run.refused[contender.name] = str(error)
    print(f"{run.workload}: {contender.name} is left out: {error}", file=sys.stderr, flush=True)


def _require_same_answers(servers: list[Server]) -> None:
    seen = {}
    for server in servers:
        if server.contender.name == "trine-asgi" or server.contender.name.startswith("raw"):
            _, headers, body = send(WORKS["twenty"].requests[0], server.port)
            seen[server.contender.name] = ({name: text for name, text in headers.items() if name not in VOLATILE}, body)
    if len({repr(sorted(headers.items())) + repr(body) for headers, body in seen.values()}) > 1:
        raise GateFailed(f"what is written by hand does not send what Trine sends: {seen}")


if __name__ == "__main__":
    sys.exit(main())
