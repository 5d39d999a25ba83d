"""A process of its own that changes settings by its command line.

    python -m vapi_settings.tests.editor USER_ID KEY VALUE [KEY VALUE ...]

Says "ready", waits for a line, then makes each change in a thread and says what became of each.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402 - after setup
from django.db import connection  # noqa: E402

from ava.http.problems import Problem  # noqa: E402
from vapi_settings import services  # noqa: E402


def change(user, key, value):
    try:
        services.change_setting(user=user, key=key, value=value, source="api")
        return "made"
    except Problem as problem:
        return problem.code
    finally:
        connection.close()


def say(line):
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(user_id, *changes):
    user = User.objects.get(pk=user_id)
    wanted = [(changes[at], json.loads(changes[at + 1])) for at in range(0, len(changes), 2)]
    say("ready")
    sys.stdin.readline()
    with ThreadPoolExecutor(len(wanted)) as pool:
        outcomes = list(pool.map(lambda it: change(user, *it), wanted))
    say(json.dumps(outcomes))


main(*sys.argv[1:])
