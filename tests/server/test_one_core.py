"""A worker with one processor asks Linux not to let its threads interrupt each other."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="Linux only")

PROGRAM = """
import os
{before}
from trine.server.one_core import share_one_core
print(share_one_core(), {{os.SCHED_OTHER: "other", os.SCHED_BATCH: "batch", os.SCHED_IDLE: "idle"}}[os.sched_getscheduler(0)])
"""
PIN = "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})"


def outcome(before: str) -> str:
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(before=before)], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_process_with_one_processor_enters_the_batch_class():
    assert outcome(PIN) == "True batch"


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two processors")
def test_a_process_with_more_processors_stays_as_it_is():
    assert outcome("") == "False other"


def test_a_class_that_somebody_has_chosen_stays():
    assert outcome(f"{PIN}\nos.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))") == "False idle"


def test_a_system_that_refuses_is_no_error():
    refuse = "def refuse(*_): raise PermissionError\nos.sched_setscheduler = refuse"
    assert outcome(f"{PIN}\n{refuse}") == "False other"
