"""Background work that is not lost: each job is a row with a lease.

An app names its kinds of work in `apps.py` (`register`, `register_periodic`) and asks for it with
`ava.jobs.services.enqueue`, inside the transaction that makes it necessary. The rows are run by
the loop in each web worker, by `manage.py work`, or by Celery. At least once: when a
process is killed in the middle, another runs the job again after the lease, so `run` must be
idempotent.
"""

from ava.jobs.registry import RetryLater, register, register_periodic

__all__ = ["RetryLater", "register", "register_periodic"]
