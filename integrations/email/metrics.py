"""Series of mails."""

from prometheus_client import Counter

from integrations.email.states import MAIL

MAILS = Counter("ava_mails", "Mails that reached a status.", ["backend", "status"])
for _backend in ("resend", "smtp"):
    for _status in MAIL.ranks:  # at 0: a rate over a missing series is no answer
        MAILS.labels(_backend, _status)
