"""A model that computes 200 ms in pure Python, and never lets go of the interpreter by itself."""

import time

from trine import App

app = App()


@app.model("/slow")
def slow(values: list[int]) -> list[int]:
    end = time.thread_time() + 0.2
    count = 0
    while time.thread_time() < end:
        count += 1
    return [value + 1 for value in values]
