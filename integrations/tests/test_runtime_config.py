"""A value read now and then: the clock is ours, the threads are real."""

import threading

from integrations.runtime_config import StaleOnErrorCache


class Source:
    """Answers 1, 2, 3 ..., or raises."""

    def __init__(self) -> None:
        self.reads = 0
        self.now = 0.0
        self.broken = False

    def read(self) -> int:
        self.reads += 1
        if self.broken:
            raise RuntimeError("the database is away")
        return self.reads

    def value(self) -> "StaleOnErrorCache[int]":
        return StaleOnErrorCache("test", self.read, 0, seconds=0.25, clock=lambda: self.now)


def test_it_is_read_once_in_a_quarter_of_a_second_however_often_it_is_asked() -> None:
    source = Source()
    value = source.value()
    assert [value.get() for _ in range(50)] == [1] * 50
    source.now = 0.24
    assert value.get() == 1
    source.now = 0.25
    assert value.get() == 2


def test_a_source_that_fails_leaves_the_last_answer_and_is_not_asked_more_often() -> None:
    source = Source()
    value = source.value()
    assert value.get() == 1
    source.broken, source.now = True, 1.0
    assert [value.get() for _ in range(10)] == [1] * 10
    assert source.reads == 2
    source.broken, source.now = False, 2.0
    assert value.get() == 3


def test_a_source_that_never_answered_gives_the_initial_answer() -> None:
    source = Source()
    source.broken = True
    assert source.value().get() == 0


def test_after_expire_the_next_question_reads_anew() -> None:
    source = Source()
    value = source.value()
    value.get()
    value.expire()
    assert value.get() == 2


def test_while_one_thread_reads_the_others_get_the_old_answer_at_once() -> None:
    now = 0.0
    slow, go = threading.Event(), threading.Event()
    answers = iter(["old", "new"])

    def read() -> str:
        answer = next(answers)
        if answer == "new":
            slow.set()
            assert go.wait(10)
        return answer

    value = StaleOnErrorCache("test", read, "", seconds=0.25, clock=lambda: now)
    assert value.get() == "old"
    now = 1.0
    reader = threading.Thread(target=value.get)
    reader.start()
    assert slow.wait(10)
    assert value.get() == "old"
    go.set()
    reader.join(10)
    assert value.get() == "new"


def test_expire_during_a_read_has_the_next_question_read_anew() -> None:
    slow, go = threading.Event(), threading.Event()
    answers = iter(["old", "stale", "new"])

    def read() -> str:
        answer = next(answers)
        if answer == "stale":
            slow.set()
            assert go.wait(10)
        return answer

    value = StaleOnErrorCache("test", read, "", seconds=1000.0, clock=lambda: 0.0)
    assert value.get() == "old"
    value.expire()
    reader = threading.Thread(target=value.get)
    reader.start()
    assert slow.wait(10)
    value.expire()  # The value changed after the reader had looked at it.
    go.set()
    reader.join(10)
    assert value.get() == "new"
    assert value.get() == "new"
