"""An operator in a process of his own: each line that he reads is an order, obeyed by the service
that the admin and `manage.py breakers` use. He writes the moment at which it was in the database.
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
