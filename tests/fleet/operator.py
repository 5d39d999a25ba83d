"""Operator in a process apart: each line that is read is an order, carried out by the service that
the admin and `manage.py breakers` use. The moment at which it was in the database is written back.
"""

import os
import sys
import time

import django

django.setup()

from django.utils import timezone  # noqa: E402 - the apps come first

from integrations.breakers import services  # noqa: E402
from integrations.breakers.services import Forced  # noqa: E402

os.write(1, b"ready\n")
for line in sys.stdin:
    now = timezone.now()
    if line.strip() == "open":
        services.override(Forced.OPEN, provider="vapi", reason="a test", by=None, now=now)
    else:
        services.override(None, provider="vapi", reason="a test", by=None, now=now)
    os.write(1, b"%f\n" % time.monotonic())
