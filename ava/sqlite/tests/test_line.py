"""The line of those who want to write: who comes when, and who gives up."""

import threading
import time

from ava.sqlite.line import Line


def waiting(line: Line, number: int) -> None:
    while len(line._waiting) < number:
        time.sleep(0.001)


def test_whose_patience_ends_first_comes_first() -> None:
    line, came = Line(), []
    assert line.take(1)

    def stand(name: str, seconds: float) -> None:
        assert line.take(seconds)
        came.append(name)
        line.give()

    order = [("a job", 40.0), ("another", 40.5), ("a webhook", 20.0), ("the next", 20.5)]
    threads = []
    for number, (name, seconds) in enumerate(order, start=1):
        threads.append(threading.Thread(target=stand, args=(name, seconds)))
        threads[-1].start()
        waiting(line, number)
    line.give()
    for thread in threads:
        thread.join()
    assert came == ["a webhook", "the next", "a job", "another"]


def test_whoever_gives_up_leaves_the_line_to_the_others() -> None:
    line = Line()
    assert line.take(1)
    assert not line.take(0.01)
    line.give()
    assert line.take(0.01)


def test_never_two_at_a_time_and_all_in_the_end() -> None:
    line, inside, most, done = Line(), [0], [0], [0]

    def work() -> None:
        for _ in range(200):
            # Some give up, at any moment.
            if line.take(0.001):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1
                line.give()
            assert line.take(60)
            done[0] += 1
            line.give()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, done) == ([1], [1200])
    assert line.take(0)
