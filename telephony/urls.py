"""Everything under /api/v1/twilio and /api/v1/webhooks/twilio."""

from django.urls import path

from ava.inbound.door import view
from telephony.api import NumberViewSet
from telephony.calls.api import CallViewSet
from telephony.messages.api import MessageViewSet
from telephony.messages.bulk_api import BatchViewSet
from telephony.webhooks import SOURCES

urlpatterns = [
    path("twilio/numbers", NumberViewSet.as_view({"get": "numbers"}), name="twilio-numbers"),
    path(
        "twilio/calls",
        CallViewSet.as_view({"get": "list", "post": "create"}),
        name="twilio-calls",
    ),
    path(
        "twilio/calls/<uuid:call_id>", CallViewSet.as_view({"get": "retrieve"}), name="twilio-call"
    ),
    path(
        "twilio/calls/<uuid:call_id>/hangup",
        CallViewSet.as_view({"post": "hang_up"}),
        name="twilio-call-hangup",
    ),
    path(
        "twilio/messages",
        MessageViewSet.as_view({"get": "list", "post": "create"}),
        name="twilio-messages",
    ),
    path(
        "twilio/messages/bulk",
        BatchViewSet.as_view({"get": "list", "post": "create"}),
        name="twilio-batches",
    ),
    path(
        "twilio/messages/bulk/<uuid:batch_id>",
        BatchViewSet.as_view({"get": "retrieve"}),
        name="twilio-batch",
    ),
    *(
        path(
            f"twilio/messages/bulk/<uuid:batch_id>/{action}",
            BatchViewSet.as_view({"post": action}),
            name=f"twilio-batch-{action}",
        )
        for action in ("pause", "resume", "cancel")
    ),
    path(
        "twilio/messages/<uuid:message_id>",
        MessageViewSet.as_view({"get": "retrieve"}),
        name="twilio-message",
    ),
    path(
        "twilio/messages/<uuid:message_id>/cancel",
        MessageViewSet.as_view({"post": "cancel"}),
        name="twilio-message-cancel",
    ),
]
urlpatterns += [
    path(f"webhooks/twilio/{source.kind}", view(source), name=f"twilio-webhook-{source.kind}")
    for source in SOURCES
]
