"""AVA's settings for a server that a test kills: what got lost is looked for after seconds."""

from ava.settings import *  # noqa: F403 - the settings, all of them

TELEPHONY_SETTLE_SECONDS = 4.0
TELEPHONY_LOOK_AGAIN_SECONDS = 1.0
