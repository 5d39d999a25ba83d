"""/api/v1/integrations/email/suppressions."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ava.http.api import ApiViewSet
from ava.http.keyset import KeysetPagination
from ava.inbound.limits import storable
from integrations.email.suppressions import services
from integrations.email.suppressions.serializers import (
    NewSuppressionSerializer,
    SuppressionFiltersSerializer,
    SuppressionSerializer,
)


class SuppressionViewSet(ApiViewSet):
    """Addresses that the user's mail no longer goes to."""

    ratelimit_group = "integrations"
    serializer_class = SuppressionSerializer
    pagination_class = KeysetPagination

    @extend_schema(operation_id="email_suppressions", parameters=[SuppressionFiltersSerializer])
    def list(self, request: Request) -> Response:
        """The newest first."""
        filters = SuppressionFiltersSerializer(data=request.query_params.dict())
        filters.is_valid(raise_exception=True)
        mine = services.suppressions(user=self.caller, filters=filters.validated_data)
        page = self.paginate_queryset(mine)
        return self.get_paginated_response(SuppressionSerializer(page, many=True).data)

    @extend_schema(
        operation_id="email_suppression_add",
        request=NewSuppressionSerializer,
        responses={200: SuppressionSerializer, 201: SuppressionSerializer},
    )
    def create(self, request: Request) -> Response:
        """Send no mail to this address. 200: it is on the list already."""
        wanted = NewSuppressionSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        row, is_new = services.add(user=self.caller, address=wanted.validated_data["address"])
        return Response(SuppressionSerializer(row).data, status=201 if is_new else 200)

    @extend_schema(operation_id="email_suppression_end", responses={204: None})
    def destroy(self, request: Request, address: str) -> Response:
        """Take an address off the list. Resend keeps a list of its own: take it off there, too."""
        services.remove(user=self.caller, address=storable(address))
        return Response(status=204)
