"""Problems of calendar connections."""

from collections.abc import Sequence
from http import HTTPStatus

from ava.http.problems import Conflict, Problem
from ava.upstream import Service


class ReconnectRequired(Conflict):
    """The provider gives no more tokens, or the stored ones cannot be read."""

    code = "reconnect_required"

    def __init__(self, service: Service, reason: str) -> None:
        super().__init__(f"Reconnect {service.name} in Settings: {reason}")


class NotConnected(Problem):
    """Stub mode: there are demo events to read, and nothing else."""

    status = HTTPStatus.FORBIDDEN
    code = "calendar_not_connected"

    def __init__(self, service: Service) -> None:
        super().__init__(
            f"{service.name} is not connected. Demo events can only be read: connect it in "
            "Settings to create or delete events."
        )


class OAuthAppMissing(Problem):
    status = HTTPStatus.BAD_REQUEST
    code = "oauth_app_missing"

    def __init__(self, service: Service) -> None:
        upper = service.label.upper()
        self.remedy = f"Ask your operator to set {upper}_CLIENT_ID and {upper}_CLIENT_SECRET."
        super().__init__(f"{service.name} credentials not configured. {self.remedy}")


class OAuthAppRefused(Problem):
    """The provider refuses AVA itself, not the user."""

    is_providers = True
    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "oauth_app_refused"

    def __init__(self, service: Service, *, expired: bool = False) -> None:
        upper = service.label.upper()
        super().__init__(
            f"{service.name} refuses AVA: its client secret has expired. Your operator must renew "
            f"{upper}_CLIENT_SECRET."
            if expired
            else f"{service.name} refuses AVA. Your operator must check {upper}_CLIENT_ID and "
            f"{upper}_CLIENT_SECRET."
        )


class AuthorizationRefused(Problem):
    """A sign-in that cannot be finished: used, expired, of another browser or user, or denied."""

    status = HTTPStatus.BAD_REQUEST
    code = "authorization_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason} Nothing was connected. Start again in AVA.")


class AuthorizationDenied(AuthorizationRefused):
    """The user said no, or the provider did."""


class AuthorizationIncomplete(Problem):
    """The user left out something that AVA cannot do without."""

    status = HTTPStatus.BAD_REQUEST
    code = "authorization_incomplete"

    def __init__(self, service: Service, missing: Sequence[str]) -> None:
        super().__init__(
            f"You did not allow AVA to {' and to '.join(missing)}, so {service.name} is not "
            "connected. Connect it again and leave every box ticked."
        )
