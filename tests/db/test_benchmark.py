"""What the benchmark of databases asks Trine gets the right answers."""

import importlib
import sqlite3
import sys
from contextlib import closing

import pytest
from benchmarks.database.tables import fill_sqlite
from benchmarks.database.works import WORKS, check

from trine.db import registry
from trine.testing import TestClient

APPLICATION = "benchmarks.database.apps.trine_app"


@pytest.fixture
def client(tmp_path, monkeypatch):
    """The application of the benchmark, on a fresh file."""
    monkeypatch.setenv("BENCHMARK_DATABASE", f"sqlite:///{tmp_path / 'bench.sqlite3'}")
    fill_sqlite(tmp_path / "bench.sqlite3")
    with registry.isolated():
        program = importlib.import_module(APPLICATION)
        with TestClient(program.app) as client:
            yield client
    del sys.modules[APPLICATION]


def test_the_benchmark_gets_right_answers(client, tmp_path):
    def ask(request):
        response = client.request(request.method, request.path, content=request.body, headers=dict(request.headers))
        return response.status_code, response.content

    def count_entries():
        with closing(sqlite3.connect(tmp_path / "bench.sqlite3")) as database:
            return database.execute("SELECT count(*) FROM entry").fetchone()[0]

    for work in WORKS.values():
        check(work, ask, count_entries)
