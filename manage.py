#!/usr/bin/env python
"""AVA's command line. `python manage.py help` lists the commands."""

import os
import sys


def main() -> int:
    """Run a command. Exit code 2 when the environment is not usable."""
    # As the server's: a database that is made is for its owner only.
    os.umask(0o077)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ava.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from ava.conf import apart
    from ava.conf.env import EnvironmentInvalid
    from ava.conf.keyfile import KeyFileInvalid

    if sys.argv[1:2] and sys.argv[1] in apart.COMMANDS:
        apart.forget_the_installation()
    try:
        import ava.settings  # noqa: F401 - a wrong variable ends in a sentence, not a traceback
    except (EnvironmentInvalid, KeyFileInvalid, ImproperlyConfigured) as fault:
        print(fault, file=sys.stderr)
        return 2
    execute_from_command_line(sys.argv)
    return 0


if __name__ == "__main__":
    sys.exit(main())
