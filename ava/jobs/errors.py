from http import HTTPStatus

from ava.http.problems import Problem


class AlreadyWaiting(Problem):
    status = HTTPStatus.CONFLICT
    code = "job_already_waiting"
    detail = "This job, or another one for the same thing, is waiting already."
