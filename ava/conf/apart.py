"""Commands that play with an AVA of their own: they need no setting and no key of this one."""

import os
from typing import Final

from ava.conf import env, keyfile

COMMANDS: Final = ("drill", "replay")


def forget_the_installation() -> None:
    """Run under defaults and throwaway keys, which are written nowhere."""
    names = [variable.name for variable in env.VARIABLES]
    for name in [*names, *env.unknown(os.environ)]:
        os.environ.pop(name, None)
    os.environ |= {"AVA_ENV_FILE": os.devnull, **keyfile.new_keys()}
