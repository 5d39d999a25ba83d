"""Work that is done later and not lost: a row with a lease, whoever runs it.

An app names its kinds of work in `apps.py` (`register`, `register_periodic`) and asks for it with
`ava.jobs.services.enqueue`, inside the transaction that makes it necessary. The rows are run by
the loop in each web worker, by `manage.py work`, or by Celery. At least once: whoever is killed in
the middle is followed by another when the lease is over, so `run` must be idempotent.
"""

from ava.jobs.registry import RetryLater, register, register_periodic

__all__ = ["RetryLater", "register", "register_periodic"]
