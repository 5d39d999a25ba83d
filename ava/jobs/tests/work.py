"""`manage.py work` with the tests' kinds, as a process: `python -m ava.jobs.tests.work`."""

import django
from django.core.management import call_command

django.setup()

from ava.jobs.tests import kinds  # noqa: E402, F401 - registers itself, once there are apps

call_command("work")
