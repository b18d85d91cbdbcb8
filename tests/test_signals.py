"""Signals: who is told, how, and what becomes of one that fails."""

import asyncio
import contextvars
import gc
import threading

import pytest

from trine.concurrency import run_in_thread
from trine.errors import SetupError
from trine.signals import Signal


async def test_receivers_are_called_in_order_and_their_answers_come_back():
    signal = Signal("order_paid")

    @signal.connect
    def first(sender, amount):
        return ("first", sender, amount)

    @signal.connect
    async def second(sender, **values):
        return ("second", sender, values)

    assert await signal.send("shop", amount=3, currency="EUR") == [
        (first, ("first", "shop", 3)),
        (second, ("second", "shop", {"amount": 3, "currency": "EUR"})),
    ]


async def test_without_receivers_nothing_happens():
    signal = Signal("silence")
    assert await signal.send("shop", amount=3) == []
    assert signal.sync.send("shop", amount=3) == []
    assert signal.receivers == ()


async def test_a_receiver_of_one_sender_hears_no_other():
    signal, one, other = Signal("saved"), object(), object()
    heard = []

    @signal.connect(sender=one)
    async def hear(sender):
        heard.append(sender)

    await signal.send(other)
    await signal.send(one)
    assert heard == [one]


async def test_a_plain_function_runs_in_a_thread_and_in_place_where_it_says_so():
    signal = Signal("where")
    signal.connect(lambda sender: threading.get_ident())
    signal.connect(lambda sender: threading.get_ident(), inline=True)
    (_, elsewhere), (_, here) = await signal.send()
    assert here == threading.get_ident() != elsewhere


async def test_context_variables_reach_a_receiver_in_a_thread():
    user = contextvars.ContextVar("user", default="nobody")
    signal = Signal("who")
    signal.connect(lambda sender: user.get())
    user.set("ada")
    assert [answer for _, answer in await signal.send()] == ["ada"]


async def test_connecting_twice_counts_once_and_disconnecting_says_whether_it_was_there():
    signal = Signal("twice")

    class Listener:
        def hear(self, sender):
            return "heard"

    listener = Listener()
    signal.connect(listener.hear)
    signal.connect(listener.hear)
    assert len(await signal.send()) == 1
    assert signal.disconnect(listener.hear) is True
    assert signal.disconnect(listener.hear) is False


async def test_a_weak_receiver_goes_with_its_object():
    signal = Signal("weak")

    class Listener:
        def hear(self, sender):
            return "heard"

    listener = Listener()
    # In place: a worker thread holds on to what it called for a moment longer than its answer takes.
    signal.connect(listener.hear, weak=True, inline=True)
    assert [answer for _, answer in await signal.send()] == ["heard"]
    del listener
    gc.collect()
    assert signal.receivers == ()


async def test_a_strong_receiver_stays_though_nobody_else_holds_it():
    signal = Signal("strong")

    def connect():
        @signal.connect(inline=True)
        def hear(sender):
            return "heard"

    connect()
    gc.collect()
    assert [answer for _, answer in await signal.send()] == ["heard"]


async def test_the_first_error_ends_send():
    signal, heard = Signal("fragile"), []

    @signal.connect
    async def fail(sender):
        raise LookupError("no such thing")

    @signal.connect
    async def hear(sender):
        heard.append(sender)

    with pytest.raises(LookupError, match="no such thing"):
        await signal.send()
    assert heard == []


async def test_the_robust_form_tells_everybody_and_reports_errors(caplog):
    signal = Signal("sturdy")

    @signal.connect
    async def fail(sender):
        raise LookupError("no such thing")

    @signal.connect
    async def hear(sender):
        return "heard"

    (_, error), (_, answer) = await signal.send_robust()
    assert (repr(error), answer) == ("LookupError('no such thing')", "heard")
    assert "fail() failed at the signal 'sturdy'." in caplog.text
    assert "no such thing" in caplog.text


def test_the_sync_form_calls_plain_and_async_receivers_from_a_script(caplog):
    signal = Signal("script")

    @signal.connect
    def plain(sender):
        return threading.get_ident()

    @signal.connect
    async def waiting(sender):
        await asyncio.sleep(0)
        return "waited"

    assert [answer for _, answer in signal.sync.send()] == [threading.get_ident(), "waited"]
    signal.connect(lambda sender: 1 / 0)
    assert repr(signal.sync.send_robust()[2][1]) == "ZeroDivisionError('division by zero')"


async def test_in_a_worker_thread_an_async_receiver_runs_on_the_loop_of_the_application():
    signal, loop = Signal("back"), asyncio.get_running_loop()

    @signal.connect
    async def where(sender):
        return asyncio.get_running_loop() is loop

    assert [answer for _, answer in await run_in_thread(signal.sync.send)] == [True]


async def test_the_sync_form_with_an_async_receiver_on_the_loop_itself_is_refused():
    signal = Signal("stuck")

    @signal.connect
    async def hear(sender): ...

    with pytest.raises(
        RuntimeError, match=r"hear\(\) cannot be waited for here: an event loop is running in this thread. Use await."
    ):
        signal.sync.send()


async def test_a_receiver_is_connected_while_inside():
    signal, heard = Signal("brief"), []
    with signal.connected_to(heard.append):
        await signal.send("in")
    await signal.send("out")
    assert heard == ["in"]


async def test_who_connects_while_a_signal_is_sent_hears_the_next_one():
    signal, heard = Signal("growing"), []

    @signal.connect(inline=True)
    def grow(sender):
        signal.connect(heard.append, inline=True)

    await signal.send(1)
    await signal.send(2)
    assert heard == [2]


def test_a_receiver_that_asks_for_what_is_never_sent_is_refused():
    signal = Signal("saved", values=("instance", "created"))

    def greet(sender, *, user): ...

    def silent(): ...

    def named(*, sender): ...

    with pytest.raises(SetupError) as refused:
        signal.connect(greet)
    assert str(refused.value) == (
        f"{greet.__qualname__}() asks for 'user', which the signal 'saved' does not send. "
        "Besides its sender it sends instance, created."
    )
    with pytest.raises(SetupError, match="takes nothing, and a receiver of the signal 'saved' is called with its sender"):
        signal.connect(silent)
    with pytest.raises(SetupError, match="has no place for the sender of the signal 'saved'"):
        signal.connect(named)
