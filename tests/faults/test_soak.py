"""What `script/soak` plays, in short: four of its faults, and the same promises."""

import pytest

from tests.faults.catalogue import SHORT
from tests.faults.deployment import deployed
from tests.faults.soak import soak

pytestmark = pytest.mark.slow


def test_what_was_acknowledged_outlives_what_ava_stands_on() -> None:
    with deployed() as ava:
        report = soak(ava, SHORT, calm=6)
    assert not report.broken, "\n".join([*report.broken[:20], report.text()])
    assert all(report.acknowledged[kind] for kind in ("call", "message", "mail", "webhook", "edit"))
