"""A database that goes away under load, and comes back."""

import asyncio
import signal
import subprocess
import time

import pytest

from trine import App
from trine.db import Database, atomic
from trine.testing import AsyncTestClient

from .. import services
from .library import Author, Tag

RESTARTS = 20


class Server:
    """A private PostgreSQL that can be restarted."""

    def __init__(self, command, user, url):
        self.command, self.user, self.url = command, user, url
        self.process = None

    def start(self):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(self.command, user=self.user, cwd="/", **quiet)
        services.wait_until(lambda: services._answers(self.url, services._ask_postgresql), "PostgreSQL")

    def stop(self, how=signal.SIGINT):
        self.process.send_signal(how)
        self.process.wait()


@pytest.fixture(scope="module")
def server():
    programs = services._postgresql_programs() or services.missing("PostgreSQL")
    with services._server_folder() as (folder, user):
        port, data = services.free_port(), folder / "data"
        services._run([str(programs / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-N"], user)
        command = [str(programs / "postgres"), "-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", str(folder), "-F"]
        running = Server(command, user, f"postgresql://postgres@127.0.0.1:{port}/postgres")
        running.start()
        yield running
        running.stop()


@pytest.mark.slow
async def test_requests_fail_cleanly_while_it_is_away_and_go_on_when_it_is_back(server):
    app = App()
    database = Database(server.url, pool_size=5, max_wait=1)
    app.install(database)

    @app.get("/count")
    async def count() -> int:
        return await Tag.objects.count()

    @app.post("/tags/{name}")
    async def make(name: str) -> str:
        async with atomic():
            await Tag.objects.create(name=name)
            await Author.objects.create(name=name)
        return name

    statuses: dict[int, int] = {}
    made: set[str] = set()
    is_over = False

    async def load(client: AsyncTestClient, number: int) -> None:
        turn = 0
        while not is_over:
            turn += 1
            name = f"{number}-{turn}"
            answer = await (client.post(f"/tags/{name}") if turn % 2 else client.get("/count"))
            statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
            if turn % 2 and answer.status_code == 200:
                made.add(name)
            if answer.status_code == 503:
                assert answer.headers["retry-after"] == "1"
                await asyncio.sleep(0.01)

    async with AsyncTestClient(app) as client:
        await database.create_all()
        tasks = [asyncio.create_task(load(client, number)) for number in range(8)]
        for number in range(RESTARTS):
            await asyncio.sleep(0.03)
            # Every fifth time it is killed without a word.
            await asyncio.to_thread(server.stop, signal.SIGQUIT if number % 5 == 4 else signal.SIGINT)
            await asyncio.to_thread(server.start)
            back = time.monotonic()
            while (await client.get("/count")).status_code != 200:
                await asyncio.sleep(0.01)
            assert time.monotonic() - back < 2
        is_over = True
        await asyncio.gather(*tasks)
        assert set(statuses) <= {200, 503}, statuses
        assert statuses[200] > 50
        # Nothing that was promised is lost, and nothing is half there.
        there = set(await Tag.objects.values_list("name", flat=True))
        assert made <= there
        assert there == set(await Author.objects.values_list("name", flat=True))
        await database.pool.settle()
        assert database.pool.in_use == 0
