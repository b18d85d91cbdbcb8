"""Memory that was freed serves the next large body."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")

PROGRAM = """
import resource
from trine.server.allocator import keep_freed_memory
kept = {keep}
def take_pieces():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(200):
        pieces = [bytes(250_000), bytes(250_000)]
        del pieces
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
take_pieces()
print(kept, take_pieces())
"""


def pages_asked_for(keep: str) -> tuple[str, int]:
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(keep=keep)], capture_output=True, text=True, check=True)
    kept, pages = done.stdout.split()
    return kept, int(pages)


def test_pieces_of_a_body_need_no_new_pages():
    kept, pages = pages_asked_for("keep_freed_memory()")
    if kept == "False":
        pytest.skip("this C library has no mallopt")
    assert pages < 200
    assert pages * 10 < pages_asked_for("False")[1]
