"""Processes of their own that read and change settings, as the workers of a server do.

    python -m vapi_settings.tests.readers USER_ID AUTHORIZATION PROCESSES

Takes lines like {"to": [0, 1], "do": "read", "times": 13} and answers {"from": [0, 1]} with what
came of it, process by process: "read" and "reload" give values, "stale" behind them where that
is said, "list" the names of assistants, "logout" its status, a number makes a change; or the
codes of problems.
"""

import json
import multiprocessing
import sys
from concurrent.futures import ThreadPoolExecutor

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402
from rest_framework.test import APIClient  # noqa: E402

from ava.http.problems import Problem  # noqa: E402
from vapi_settings.account import account_of  # noqa: E402
from vapi_settings.reads import AssistantRead  # noqa: E402

ADDRESS = "/api/v1/vapi/settings/temperature"


def read(client, **headers):
    answer = client.get(ADDRESS, **headers).json()
    if "code" in answer:
        return answer["code"]
    value = answer["setting"]["value"]
    return [value, "stale"] if "stale" in answer else value


def change(client, value):
    answer = client.put(ADDRESS, {"value": value}, format="json").json()
    return answer.get("code", "made")


def do(account, client, what):
    try:
        if what == "list":
            # Needs no connection to the database of its own: PostgreSQL has a hundred.
            return [one.name for one in AssistantRead(account).listed().value]
        if what == "read":
            return read(client)
        if what == "logout":
            return client.post("/api/v1/auth/logout").status_code
        if what == "reload":
            return read(client, HTTP_CACHE_CONTROL="no-cache")
        return change(client, float(what))
    except Problem as problem:
        return problem.code
    finally:
        connection.close()


def work(pipe, user_id, authorization):
    account = account_of(User.objects.get(pk=user_id))
    client = APIClient(SERVER_NAME="localhost", HTTP_AUTHORIZATION=authorization)
    # Once, before threads share it.
    client.handler.load_middleware()
    connection.close()
    pipe.send("ready")
    while True:
        what, times = pipe.recv()
        with ThreadPoolExecutor(times) as pool:
            pipe.send(list(pool.map(do, [account] * times, [client] * times, [what] * times)))


def start(context, *user):
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(theirs, *user), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def outcome(pipe):
    try:
        return pipe.recv()
    except EOFError:
        return "dead"


def main(user_id, authorization, processes):
    context = multiprocessing.get_context("fork")
    started = [start(context, int(user_id), authorization) for _ in range(int(processes))]
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
