"""Print the webhooks that the database holds, as JSON: what it is, whose, how that stands, state.

A program of its own: only processes with AVA's environment reach AVA's database.
"""

import json
import sys

import django


def main() -> None:
    django.setup()
    from ava.inbound.models import Delivery

    found = []
    for one in Delivery.objects.all():
        if one.provider == "vapi":
            about = [one.event, one.payload["call"]["id"], one.payload.get("status", "")]
        else:
            about = [one.kind, one.payload["sid"], one.event]
        found.append([*about, one.state])
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
