from http import HTTPStatus

from ava.problems import Problem


class WebhookForged(Problem):
    status = HTTPStatus.FORBIDDEN
    code = "webhook_forged"
    detail = "The signature of this webhook is not right."
