"""AVA's settings for a server that a test kills: what got no answer is looked after in seconds."""

from ava.settings import *  # noqa: F403 - the settings, all of them

INTENT_SETTLE_SECONDS = 3.0
