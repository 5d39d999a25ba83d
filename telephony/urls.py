"""Addresses below /api/v1/twilio and /api/v1/webhooks/twilio."""

from django.urls import path

from ava.inbound.door import view
from telephony.api import NumberViewSet
from telephony.calls.api import CallViewSet
from telephony.messages.api import BatchViewSet, MessageViewSet
from telephony.optouts.api import OptOutViewSet
from telephony.webhooks import SOURCES

MANY = {"get": "list", "post": "create"}
ONE = {"get": "retrieve"}
BATCH = "messages/bulk/<uuid:batch_id>"
ENDPOINTS = (
    ("numbers", NumberViewSet, {"get": "numbers"}, "numbers"),
    ("calls", CallViewSet, MANY, "calls"),
    ("calls/<uuid:call_id>", CallViewSet, ONE, "call"),
    ("calls/<uuid:call_id>/hangup", CallViewSet, {"post": "hang_up"}, "call-hangup"),
    ("messages", MessageViewSet, MANY, "messages"),
    ("messages/bulk", BatchViewSet, MANY, "batches"),
    (BATCH, BatchViewSet, ONE, "batch"),
    (f"{BATCH}/pause", BatchViewSet, {"post": "pause"}, "batch-pause"),
    (f"{BATCH}/resume", BatchViewSet, {"post": "resume"}, "batch-resume"),
    (f"{BATCH}/cancel", BatchViewSet, {"post": "cancel"}, "batch-cancel"),
    ("messages/<uuid:message_id>", MessageViewSet, ONE, "message"),
    ("messages/<uuid:message_id>/cancel", MessageViewSet, {"post": "cancel"}, "message-cancel"),
    ("opt-outs", OptOutViewSet, MANY, "opt-outs"),
    ("opt-outs/<str:number>", OptOutViewSet, {"delete": "destroy"}, "opt-out"),
)

urlpatterns = [
    *(
        path(f"twilio/{address}", viewset.as_view({**actions}), name=f"twilio-{name}")
        for address, viewset, actions, name in ENDPOINTS
    ),
    *(
        path(f"webhooks/twilio/{source.kind}", view(source), name=f"twilio-webhook-{source.kind}")
        for source in SOURCES
    ),
]
