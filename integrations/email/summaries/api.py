"""/api/v1/integrations/email/summaries."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ava.http.api import ApiViewSet
from integrations.email.summaries import services
from integrations.email.summaries.serializers import SummariesSerializer


class SummariesViewSet(ApiViewSet):
    """A mail after each call by an assistant."""

    ratelimit_group = "integrations"
    serializer_class = SummariesSerializer

    @extend_schema(operation_id="email_summaries")
    def retrieve(self, request: Request) -> Response:
        """Whether there are any, and who gets them."""
        return Response(SummariesSerializer(services.settings_of(self.caller)).data)

    @extend_schema(operation_id="email_summaries_change")
    def update(self, request: Request) -> Response:
        """Switch them on or off."""
        wanted = SummariesSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        row = services.change(user=self.caller, **wanted.validated_data)
        return Response(SummariesSerializer(row).data)
