"""Settings of a replay's AVA: a provider has 3 s there, and after 6 s nothing is on its way."""

from ava.settings import *  # noqa: F403 - the settings, all of them
from ava.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "ava.recording.hurried"]
INTENT_SETTLE_SECONDS = TELEPHONY_SETTLE_SECONDS = 6.0
TELEPHONY_LOOK_AGAIN_SECONDS = 1.0
