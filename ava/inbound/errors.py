from http import HTTPStatus

from ava.problems import Problem


class WebhookForged(Problem):
    status = HTTPStatus.FORBIDDEN
    code = "webhook_forged"
    detail = "The signature of this webhook is not right."


class WebhookNotTaken(Problem):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "webhook_not_taken"
    detail = "AVA cannot take this webhook right now. Please send it again."
