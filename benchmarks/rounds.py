"""Interleaved rounds: every application of a workload runs at once, and each is loaded in turn, round after round."""

import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from .contenders import Contender
from .gate import GateFailed, check, entered
from .load import LoadFailed, generate, generate_messages, write_script
from .results import Figure, Results, Run
from .servers import Server, ServerFailed, running
from .workloads import Workload

RAW = ("raw-rsgi", "raw-asgi")
TRINE = ("trine-rsgi", "trine-asgi")


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how hard each application is loaded, and where."""

    rounds: int
    seconds: float
    warm_up: float
    connections: int
    server_core: int
    load_core: int
    first_port: int
    environment: dict[str, str]


def measure(workload: Workload, contenders: Sequence[Contender], plan: Plan, results: Results, *, resume: bool) -> Run:
    """Time a workload. Results are saved after every round; with `resume` an earlier, unfinished run goes on."""
    connections = workload.connections or plan.connections
    run = Run(workload.name, plan.seconds, connections, [c.name for c in contenders], [], {})
    earlier = results.unfinished(run, plan.rounds) if resume else None
    if earlier is not None:
        run = earlier
    else:
        results.runs.append(run)
    if len(run.rounds) >= plan.rounds:
        return run

    with ExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmarks-")))
        servers = _start(workload, contenders, plan, run, logs, stack)
        requests = {server.port: entered(workload, server.port).request for server in servers}
        scripts = {port: write_script(request, logs / f"request-{port}.lua") for port, request in requests.items()}

        def load(server: Server, seconds: float) -> Figure:
            before = server.cpu()
            how = {"seconds": seconds, "connections": connections, "core": plan.load_core}
            if workload.is_socket:
                seen = generate_messages(workload.request.path, server.port, **how)
            else:
                seen = generate(requests[server.port], scripts[server.port], server.port, **how)
            server.require_alive()
            return Figure.of(seen, server.cpu() - before, server.peak_mb())

        servers = [server for server in servers if _warm(server, plan.warm_up, load, run)]
        for number in range(len(run.rounds), plan.rounds):
            run.rounds.append({server.contender.name: load(server, plan.seconds) for server in servers})
            results.save()
            _say(f"{workload.name}: round {number + 1} of {plan.rounds}")
    return run


def _start(
    workload: Workload, contenders: Sequence[Contender], plan: Plan, run: Run, logs: Path, stack: ExitStack
) -> list[Server]:
    environment = plan.environment | {"BENCHMARK_WORKLOAD": workload.name}
    servers, headers = [], {}
    for number, contender in enumerate(contenders):
        try:
            server = stack.enter_context(running(contender, plan.first_port + number, plan.server_core, environment, logs))
            headers[contender.name] = check(entered(workload, server.port), server.port)
        except (ServerFailed, GateFailed, OSError) as error:
            run.refused[contender.name] = str(error)
            _say(f"{workload.name}: {contender.name} is left out: {error}")
        else:
            servers.append(server)
    _require_same_headers(headers)
    return servers


def _require_same_headers(headers: dict[str, dict[str, str]]) -> None:
    for raw, trine in zip(RAW, TRINE, strict=True):
        if raw in headers and trine in headers and headers[raw] != headers[trine]:
            raise GateFailed(f"{raw} sends {headers[raw]} and {trine} sends {headers[trine]}: not the same work")


def _warm(server: Server, seconds: float, load: Callable[[Server, float], Figure], run: Run) -> bool:
    try:
        load(server, seconds)
    except (LoadFailed, ServerFailed) as error:
        run.refused[server.contender.name] = str(error)
        _say(f"{server.contender.name} is left out: {error}")
        return False
    return True


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
