"""Print the webhooks that the database holds, as JSON: kind, SID, status, state.

A program of its own: only processes with AVA's environment reach AVA's database.
"""

import json
import sys

import django


def main() -> None:
    django.setup()
    from ava.inbound.models import Delivery

    found = Delivery.objects.values_list("kind", "payload__sid", "event", "state")
    json.dump([list(row) for row in found], sys.stdout)


if __name__ == "__main__":
    main()
