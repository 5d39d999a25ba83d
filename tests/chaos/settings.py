"""AVA's settings where everything fails all the time: what gets lost is looked for after seconds.

A request to a provider lives 2 s here (`tests.chaos.hurry`), so after 6 s none is on its way.
"""

from ava.settings import *  # noqa: F403 - the settings, all of them
from ava.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.chaos.hurry.Hurry"]

INTENT_SETTLE_SECONDS = TELEPHONY_SETTLE_SECONDS = 6.0
TELEPHONY_LOOK_AGAIN_SECONDS = 2.0
