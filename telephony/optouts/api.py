"""/api/v1/twilio/opt-outs."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ava.http.keyset import KeysetPagination
from ava.inbound.limits import storable
from telephony.addresses import person
from telephony.api import CLASHES, TwilioViewSet
from telephony.optouts import queries, services
from telephony.optouts.serializers import (
    NewOptOutSerializer,
    OptOutFiltersSerializer,
    OptOutSerializer,
)


class OptOutViewSet(TwilioViewSet):
    """People who want no calls and messages from the user."""

    serializer_class = OptOutSerializer
    pagination_class = KeysetPagination

    @extend_schema(operation_id="twilio_opt_outs", parameters=[OptOutFiltersSerializer])
    def list(self, request: Request) -> Response:
        """The newest first."""
        filters = self.filters(request, OptOutFiltersSerializer)
        page = self.paginate_queryset(queries.optouts(user=self.caller, **filters))
        return self.get_paginated_response(OptOutSerializer(page, many=True).data)

    @extend_schema(
        operation_id="twilio_opt_out_add",
        request=NewOptOutSerializer,
        responses={200: OptOutSerializer, 201: OptOutSerializer},
    )
    def create(self, request: Request) -> Response:
        """Call and write to this person no more. 200: they are on the list already."""
        wanted = NewOptOutSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        row, is_new = services.add(user=self.caller, person=wanted.validated_data["number"])
        return Response(OptOutSerializer(row).data, status=201 if is_new else 200)

    @extend_schema(operation_id="twilio_opt_out_end", responses={204: None, **CLASHES})
    def destroy(self, request: Request, number: str) -> Response:
        """Take a person off the list."""
        services.remove(user=self.caller, person=person(storable(number)))
        return Response(status=204)
