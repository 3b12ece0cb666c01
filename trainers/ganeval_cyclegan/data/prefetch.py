"""Work done ahead in threads, handed over in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from typing import TypeVar

T = TypeVar("T")


def in_order(make: Callable[[int], T], first: int, workers: int) -> Iterator[T]:
    """Yields ``make(first)``, ``make(first + 1)`` and so on without end, made by threads ahead.

    What make raises is raised where its result would have come. When the caller stops, or an error
    goes by, what is not begun is dropped and the threads end.

    Args:
        make: Called in several threads at once.
        first: Of its arguments.
        workers: Threads; 0: the caller's own, when the result is asked for.
    """
    numbers = count(first)
    if workers == 0:
        for number in numbers:
            yield make(number)
    pool = ThreadPoolExecutor(workers, thread_name_prefix="batches")
    ahead: deque[Future[T]] = deque()
    try:
        while True:
            while len(ahead) <= workers:
                ahead.append(pool.submit(make, next(numbers)))
            yield ahead.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
