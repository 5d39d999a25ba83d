"""Processes of their own that read and change settings, as the workers of a server do.

    python -m vapi_settings.tests.readers USER_ID PROCESSES

Takes lines like {"to": [0, 1], "do": "read", "times": 13} and answers {"from": [0, 1]} with what
came of it, process by process: "read" and "reload" give values, "stale" behind them where that
is said, "list" the names of assistants, a number makes a change; or the codes of problems.
"""

import json
import multiprocessing
import sys
from concurrent.futures import ThreadPoolExecutor

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402

from ava.http.problems import Problem  # noqa: E402
from vapi_settings import queries, services  # noqa: E402
from vapi_settings.account import account_of  # noqa: E402
from vapi_settings.assistant_read import AssistantRead  # noqa: E402


def read(user, **kwargs):
    view, copy = queries.setting(user=user, key="temperature", **kwargs)
    return [view.setting.value, "stale"] if copy.stale else view.setting.value


def change(user, value):
    services.change_setting(user=user, key="temperature", value=value, source="api")
    return "made"


def do(account, what):
    user = account.user
    try:
        if what == "list":
            # Needs no connection to the database of its own: PostgreSQL has a hundred.
            return [one.name for one in AssistantRead(account).listed().value]
        if what == "read":
            return read(user)
        if what == "reload":
            return read(user, reload=True)
        return change(user, float(what))
    except Problem as problem:
        return problem.code
    finally:
        connection.close()


def work(pipe, user_id):
    account = account_of(User.objects.get(pk=user_id))
    connection.close()
    pipe.send("ready")
    while True:
        what, times = pipe.recv()
        with ThreadPoolExecutor(times) as pool:
            pipe.send(list(pool.map(do, [account] * times, [what] * times)))


def start(context, user_id):
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(theirs, user_id), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def outcome(pipe):
    try:
        return pipe.recv()
    except EOFError:
        return "dead"


def main(user_id, processes):
    context = multiprocessing.get_context("fork")
    started = [start(context, int(user_id)) for _ in range(int(processes))]
    for _, pipe in started:
        pipe.recv()
    sys.stdout.write(json.dumps([process.pid for process, _ in started]) + "\n")
    sys.stdout.flush()
    for line in sys.stdin:
        order = json.loads(line)
        for number in order.get("to", []):
            started[number][1].send((order["do"], order["times"]))
        if "from" in order:
            sys.stdout.write(json.dumps([outcome(started[n][1]) for n in order["from"]]) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
