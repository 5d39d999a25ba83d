"""Background work that is not lost: each job is a row with a lease.

The loop of a web worker, `manage.py work` or Celery runs the rows, at least once: after a killed
process, another runs the job again.
"""

from ava.jobs.registry import RetryLater, register, register_periodic

__all__ = ["RetryLater", "register", "register_periodic"]
