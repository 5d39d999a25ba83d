from http import HTTPStatus

from ava.http.problems import Problem


class WebhooksSpent(Problem):
    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "webhooks_spent"
    detail = (
        "AVA keeps no more webhooks of this account today. It takes them again after midnight, UTC."
    )


class WebhookNotTaken(Problem):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "webhook_not_taken"
    detail = "AVA cannot take this webhook right now. Please send it again."
