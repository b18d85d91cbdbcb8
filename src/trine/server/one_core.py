"""A worker that has one processor: its threads take turns there instead of interrupting each other."""

import os
from contextlib import suppress


def share_one_core() -> bool:
    """Enter Linux's batch class (sched(7)) where this process may use one processor only. Tells whether it did.

    A request passes through three threads of a Granian worker: one reads and writes, one calls Python, one is the event
    loop. Each wakes the next, and by default Linux lets the one that was woken interrupt the other at once. Where all of
    them share a processor, that costs two switches for every step and no bursts ever form: a quarter to a third of a
    small answer's CPU time. In the batch class a woken thread waits for its turn. Call this before any thread is started;
    a class that somebody has chosen for the process stays.
    """
    if not hasattr(os, "SCHED_BATCH") or len(os.sched_getaffinity(0)) > 1 or os.sched_getscheduler(0) != os.SCHED_OTHER:
        return False
    # Refused by some sandboxes; then everything is as it was.
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        return True
    return False
