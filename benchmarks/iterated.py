"""How much memory a million rows take while they are iterated: `python -m benchmarks.iterated URL`.

`postgresql://postgres@127.0.0.1/bench` or `sqlite:////tmp/bench.sqlite3`. The table is made anew, filled by the database itself,
and dropped. What is told is the most resident memory above that before the first row, and how many rows a second came.
"""

import argparse
import asyncio
import os
import time
from pathlib import Path

from trine.db import Database, Model, field

_PAGE = os.sysconf("SC_PAGE_SIZE")
_FILLED = {
    "sqlite": (
        "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {rows}) "
        "INSERT INTO bench_line (text, amount) SELECT 'line number ' || n, n * 0.5 FROM number"
    ),
    "postgresql": "INSERT INTO bench_line (text, amount) SELECT 'line number ' || n, n * 0.5 FROM generate_series(1, {rows}) n",
}


class BenchLine(Model):
    text: str = field(max_length=100)
    amount: float

    class Meta:
        db_table = "bench_line"


async def measure(url: str, rows: int) -> None:
    """Fill the table, read all of it, and say what it took."""
    async with Database(url) as database:
        await database.create_all()
        try:
            await database.run(_FILLED[database.dialect.name].format(rows=rows))
            async for line in BenchLine.objects.filter(id__lte=2000).iterator():
                assert line.text  # What is read for the first time is not what is measured.
            before, most, count, total, began = _resident(), 0, 0, 0.0, time.perf_counter()
            async for line in BenchLine.objects.order_by("id").iterator():
                count += 1
                total += line.amount
                if count % 1000 == 0:
                    most = max(most, _resident())
            seconds = time.perf_counter() - began
            assert (count, total) == (rows, rows * (rows + 1) / 4)
        finally:
            await database.drop_all()
    print(f"{database.dialect.title}: {count:,} rows, {(most - before) / 1e6:.1f} MB more memory, {count / seconds:,.0f} rows/s")


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.iterated", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    asyncio.run(measure(options.url, options.rows))


if __name__ == "__main__":
    main()
