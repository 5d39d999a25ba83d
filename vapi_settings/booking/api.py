"""/api/v1/vapi/booking-tool: how assistants book, and the tools that make them do so."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ava.http.api import ApiViewSet
from vapi_settings import schemas
from vapi_settings.answers import wants_reload, with_age
from vapi_settings.api import VapiViewSet
from vapi_settings.booking import installation, services
from vapi_settings.booking.serializers import (
    BookingToolSerializer,
    InstallationSerializer,
    ShownToolSerializer,
)
from vapi_settings.models import BookingTool, Revision


class BookingToolViewSet(ApiViewSet):
    """The booking tool of the user's assistants."""

    ratelimit_group = "vapi"
    serializer_class = BookingToolSerializer

    @extend_schema(operation_id="vapi_booking_tool", responses={200: ShownToolSerializer})
    def retrieve(self, request: Request) -> Response:
        """How appointments are booked, and the JSON for Vapi."""
        return _shown(services.settings_of(self.caller))

    @extend_schema(
        operation_id="vapi_booking_tool_change",
        request=BookingToolSerializer,
        responses={200: ShownToolSerializer},
    )
    def update(self, request: Request) -> Response:
        """Change how appointments are booked."""
        wanted = BookingToolSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        return _shown(services.change(user=self.caller, **wanted.validated_data))


class InstallationViewSet(VapiViewSet):
    """The booking tool in one assistant."""

    serializer_class = InstallationSerializer

    @extend_schema(
        operation_id="vapi_booking_tool_installation",
        parameters=[schemas.ASSISTANT, *schemas.COPY],
        responses={200: InstallationSerializer, **schemas.AMBIGUOUS},
    )
    def retrieve(self, request: Request) -> Response:
        """Whether the assistant has the tools."""
        return self._found(reload=wants_reload(request))

    @extend_schema(
        operation_id="vapi_booking_tool_install",
        parameters=[schemas.ASSISTANT],
        request=None,
        responses={200: InstallationSerializer, **schemas.CLASHES},
    )
    def update(self, request: Request) -> Response:
        """Give the assistant the tools, and change nothing else in it."""
        installation.install(
            user=self.caller, assistant_id=self.assistant_id, source=Revision.Source.API
        )
        return self._found()

    @extend_schema(
        operation_id="vapi_booking_tool_uninstall",
        parameters=[schemas.ASSISTANT],
        responses={200: InstallationSerializer, **schemas.CLASHES},
    )
    def destroy(self, request: Request) -> Response:
        """Take the tools away from the assistant, and change nothing else in it."""
        installation.uninstall(
            user=self.caller, assistant_id=self.assistant_id, source=Revision.Source.API
        )
        return self._found()

    def _found(self, *, reload: bool = False) -> Response:
        state, copy = installation.state(
            user=self.caller, assistant_id=self.assistant_id, reload=reload
        )
        found = {"assistant": copy.value.assistant.summary, "state": state}
        return with_age(copy, Response(InstallationSerializer(found).data))


def _shown(row: BookingTool) -> Response:
    return Response(ShownToolSerializer(row).data)
