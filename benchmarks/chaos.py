"""Chaos in other sizes: `python -m benchmarks.chaos [CALLS MESSAGES [SEED]]`.

The run of `tests/test_chaos.py`, with other seeds and in other sizes. Exit code 1: something was
wrong.
"""

import sys
import tempfile
from pathlib import Path

from benchmarks.table import show, versions
from tests.chaos.play import play
from tests.chaos.processes import ChaoticAva


def main(calls: int = 500, messages: int = 500, seed: int = 1) -> int:
    with (
        tempfile.TemporaryDirectory() as directory,
        ChaoticAva(Path(directory) / "var") as ava,
    ):
        outcome = play(ava, calls=calls, messages=messages, seed=seed)
    print(versions("granian"))
    endured = [(name, str(count)) for name, count in outcome.endured.items()]
    seconds = [(f"seconds {name}", str(count)) for name, count in outcome.seconds.items()]
    show(f"{calls} calls, {messages} messages", endured + seconds)
    for sentence in outcome.wrong:
        print(sentence)
    print(f"{len(outcome.wrong)} wrong")
    return int(bool(outcome.wrong))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
