"""The pool in which blocking functions run: nothing is lost, blocked jobs do not hold up others, short ones share a thread."""

import asyncio
import contextvars
import gc
import threading
import weakref

import pytest

from trine.concurrency import ThreadPool, run_in_thread, run_on_loop


async def test_a_function_runs_in_another_thread_and_gives_its_result():
    here = threading.get_ident()
    assert await run_in_thread(threading.get_ident) != here
    assert await run_in_thread(divmod, 7, 2) == (3, 1)


async def test_an_exception_reaches_who_awaits():
    with pytest.raises(ZeroDivisionError):
        await run_in_thread(divmod, 7, 0)


async def test_stop_iteration_becomes_an_error_that_a_future_can_carry():
    with pytest.raises(RuntimeError, match=r"^The function raised StopIteration\.$"):
        await run_in_thread(next, iter(()))


async def test_context_variables_go_along_and_changes_stay_there():
    name = contextvars.ContextVar("name", default="none")
    name.set("outside")

    def change() -> str:
        before = name.get()
        name.set("inside")
        return before

    assert await run_in_thread(change) == "outside"
    assert name.get() == "outside"


async def test_as_many_jobs_may_block_as_there_are_threads():
    pool, loop = ThreadPool(16), asyncio.get_running_loop()
    together = threading.Barrier(16, timeout=20)
    arrived = await asyncio.gather(*(pool.submit(loop, together.wait) for _ in range(16)))
    assert sorted(arrived) == list(range(16))
    pool.close()


async def test_no_more_threads_are_started_than_allowed():
    pool, loop = ThreadPool(3), asyncio.get_running_loop()
    used = await asyncio.gather(*(pool.submit(loop, threading.get_ident) for _ in range(500)))
    assert len(set(used)) <= 3
    pool.close()


async def test_a_job_does_not_wait_for_one_that_blocks():
    pool, loop = ThreadPool(4), asyncio.get_running_loop()
    gate = threading.Event()
    blocked = pool.submit(loop, lambda: gate.wait(20))
    assert await pool.submit(loop, lambda: "done") == "done"
    assert not blocked.done()
    gate.set()
    assert await blocked is True
    pool.close()


async def test_every_job_of_many_bursts_is_done_once():
    pool, loop = ThreadPool(8), asyncio.get_running_loop()
    done: list[int] = []
    for burst in range(200):
        jobs = (pool.submit(loop, lambda number=number: done.append(number)) for number in range(burst * 20, burst * 20 + 20))
        await asyncio.gather(*jobs)
    assert sorted(done) == list(range(4000))
    pool.close()


async def test_a_job_that_nobody_waits_for_any_more_is_left_out():
    pool, loop = ThreadPool(1), asyncio.get_running_loop()
    gate, seen = threading.Event(), []
    first = pool.submit(loop, lambda: gate.wait(20))
    second = pool.submit(loop, lambda: seen.append("second"))
    second.cancel()
    third = pool.submit(loop, lambda: seen.append("third"))
    gate.set()
    await asyncio.gather(first, third)
    assert seen == ["third"]
    pool.close()


async def test_a_closed_pool_finishes_what_it_has_and_ends_its_threads():
    pool, loop = ThreadPool(4), asyncio.get_running_loop()
    together = threading.Barrier(4, timeout=20)
    threads = await asyncio.gather(
        *(pool.submit(loop, lambda: (together.wait(), threading.current_thread())[1]) for _ in range(4))
    )
    pool.close()
    for thread in threads:
        await asyncio.to_thread(thread.join, 20)
    assert not any(thread.is_alive() for thread in threads)


async def test_a_thread_comes_back_to_the_loop_that_it_works_for_with_its_context():
    name = contextvars.ContextVar("name", default="none")

    async def where(suffix: str) -> tuple[asyncio.AbstractEventLoop, str]:
        await asyncio.sleep(0)
        return asyncio.get_running_loop(), name.get() + suffix

    def work() -> tuple[asyncio.AbstractEventLoop, str]:
        name.set("thread")
        return run_on_loop(where, "!")

    assert await run_in_thread(work) == (asyncio.get_running_loop(), "thread!")


def test_a_script_runs_an_async_function_on_a_loop_of_its_own():
    assert run_on_loop(asyncio.sleep, 0, "done") == "done"


async def test_on_the_thread_of_a_running_loop_waiting_is_refused():
    with pytest.raises(RuntimeError, match=r"^sleep\(\) cannot be waited for here"):
        run_on_loop(asyncio.sleep, 0)


async def test_a_sleeping_thread_keeps_nothing_of_its_last_job():
    class Upload: ...

    upload = Upload()
    gone = weakref.ref(upload)
    await run_in_thread(id, upload)
    del upload
    for _ in range(100_000):
        if gone() is None:
            break
        await asyncio.sleep(0)
    gc.collect()
    assert gone() is None
