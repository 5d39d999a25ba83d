"""Reads are remembered for as long as their generation, and never go back in time."""

from dataclasses import replace

import pytest
from prometheus_client import REGISTRY

from ava.cache import now
from ava.cache.store import SIZE
from ava.cache.tests.reading import ADA, NAME, Down, Source, begun, later, make

pytestmark = pytest.mark.usefixtures("where")

NEXT = replace(ADA, generation="next")
OTHER_KEY = replace(ADA, epoch="other", generation="other")


def test_a_fresh_copy_answers_without_reading(here, monkeypatch):
    source = Source("one", "two")
    first = here.read(ADA, NAME, source)
    later(monkeypatch, 299)
    copy = here.read(ADA, NAME, source)
    assert (copy.value, copy.as_of, copy.stale) == ("one", first.as_of, False)
    assert 299 <= copy.age < 304
    assert source.reads == 1


def test_an_old_copy_is_read_again(here, monkeypatch):
    source = Source("one", "two")
    here.read(ADA, NAME, source)
    later(monkeypatch, 300)
    copy = here.read(ADA, NAME, source)
    assert copy.value == "two"
    assert copy.age < 5


def test_how_long_a_copy_is_fresh_is_asked_at_each_read(where):
    seconds = [300.0]
    cache = make(fresh_for=lambda: seconds[0])
    source = Source("one", "two")
    cache.read(ADA, NAME, source)
    seconds[0] = 0
    assert cache.read(ADA, NAME, source).value == "two"


def test_names_and_owners_have_nothing_to_do_with_each_other(here):
    here.read(ADA, NAME, Source("hers"))
    assert here.read(ADA, "another", Source("another")).value == "another"
    eve = replace(ADA, owner=2)
    assert here.read(eve, NAME, Source("his", scope=eve)).value == "his"


def test_a_new_generation_finds_no_copy_of_the_old_one(here):
    here.read(ADA, NAME, Source("old"))
    assert here.read(NEXT, NAME, Source("new", scope=NEXT)).value == "new"
    assert here.read(NEXT, NAME, Source("unused")).value == "new"


def test_a_read_that_began_before_a_new_generation_is_not_found_under_it(here, pool):
    source = Source("old", held=True)
    read = begun(pool, here, source)
    # A later read does not share it either.
    assert here.read(NEXT, NAME, Source("new", scope=NEXT)).value == "new"
    source.go.set()
    assert read.result().value == "old"
    assert here.read(NEXT, NAME, Source("unused")).value == "new"


def test_a_read_may_be_kept_under_the_generation_that_it_raised(here):
    here.read(ADA, NAME, Source("drift", scope=NEXT))
    assert here.read(NEXT, NAME, Source("unused")).value == "drift"
    assert here.read(ADA, NAME, Source("again")).value == "again"


def test_a_read_that_is_not_to_be_kept_answers_once_and_covers_failures(here):
    here.read(ADA, NAME, Source("for now", scope=None))
    copy = here.read(ADA, NAME, Source(Down()), tolerate=(Down,))
    assert (copy.value, copy.stale) == ("for now", True)
    assert here.read(ADA, NAME, Source("later")).value == "later"


def test_a_failure_that_is_tolerated_brings_the_last_good_copy(here, monkeypatch):
    here.read(ADA, NAME, Source("good"))
    later(monkeypatch, 4000)
    copy = here.read(ADA, NAME, Source(Down()), tolerate=(Down,))
    assert (copy.value, copy.stale) == ("good", True)
    assert 4000 <= copy.age < 4005


def test_the_last_good_copy_of_an_older_generation_covers_failures(here):
    here.read(ADA, NAME, Source("good"))
    copy = here.read(NEXT, NAME, Source(Down()), tolerate=(Down,))
    assert (copy.value, copy.stale) == ("good", True)


def test_another_epoch_shows_not_even_the_last_good_copy(here):
    here.read(ADA, NAME, Source("of another key"))
    with pytest.raises(Down):
        here.read(OTHER_KEY, NAME, Source(Down()), tolerate=(Down,))


def test_a_failure_without_a_copy_is_raised(here):
    with pytest.raises(Down):
        here.read(ADA, NAME, Source(Down()), tolerate=(Down,))


def test_a_failure_that_is_not_tolerated_is_raised_over_a_copy(here, monkeypatch):
    here.read(ADA, NAME, Source("good"))
    later(monkeypatch, 400)
    with pytest.raises(Down):
        here.read(ADA, NAME, Source(Down()))


def test_a_failure_is_not_remembered(here):
    source = Source(Down(), "good")
    with pytest.raises(Down):
        here.read(ADA, NAME, source)
    assert here.read(ADA, NAME, source).value == "good"


def test_the_last_good_copy_is_not_kept_for_ever(here, monkeypatch):
    here.read(ADA, NAME, Source("good"))
    later(monkeypatch, 24 * 3600)
    with pytest.raises(Down):
        here.read(ADA, NAME, Source(Down()), tolerate=(Down,))


def test_a_copy_from_the_future_is_read_again(here, monkeypatch):
    """Of an hour ago, by a clock that was an hour ahead."""
    here.read(ADA, NAME, Source("old"))
    later(monkeypatch, -3600)
    assert here.read(ADA, NAME, Source("new")).value == "new"


def test_what_is_kept_by_other_means_answers_reads(here):
    here.keep(ADA, NAME, "written", now())
    assert here.read(ADA, NAME, Source("unused")).value == "written"


def test_a_reload_reads_whatever_is_cached_and_keeps_what_it_found(here):
    here.read(ADA, NAME, Source("old"))
    assert here.reload(ADA, NAME, Source("new")).value == "new"
    assert here.read(ADA, NAME, Source("unused")).value == "new"


def test_a_reload_that_fails_raises_and_leaves_the_copy(here):
    here.read(ADA, NAME, Source("old"))
    with pytest.raises(Down):
        here.reload(ADA, NAME, Source(Down()))
    assert here.read(ADA, NAME, Source("unused")).value == "old"


def test_a_young_copy_of_an_older_generation_is_found_where_that_will_do(here, monkeypatch):
    assert here.recent(ADA, NAME) is None
    here.read(ADA, NAME, Source("one"))
    assert here.recent(NEXT, NAME).value == "one"
    later(monkeypatch, 300)
    assert here.recent(NEXT, NAME) is None
    assert here.newest(NEXT, NAME).value == "one"


def test_values_are_not_shown_by_repr(here):
    assert "sesame" not in repr(here.read(ADA, NAME, Source("sesame")))


def test_reads_are_counted_by_how_they_were_answered(where, monkeypatch):
    def counted(result):
        labels = {"cache": f"counted in {where}", "result": result}
        return REGISTRY.get_sample_value("ava_cache_requests_total", labels)

    cache = make(name=f"counted in {where}")
    cache.read(ADA, NAME, Source("good"))
    cache.read(ADA, NAME, Source("unused"))
    cache.reload(ADA, NAME, Source("good"))
    later(monkeypatch, 300)
    cache.read(ADA, NAME, Source(Down()), tolerate=(Down,))
    assert [counted(result) for result in ("hit", "miss", "bypass", "stale", "shared")] == [
        1, 2, 1, 1, 0,
    ]  # fmt: skip


def test_a_flood_of_reads_takes_a_bounded_place(settings):
    settings.REDIS_URL = None
    cache = make()
    first = Source("first", "again")
    cache.read(ADA, NAME, first)
    for number in range(SIZE):
        cache.read(ADA, f"number {number}", Source(number))
    assert cache.read(ADA, NAME, first).value == "again"
