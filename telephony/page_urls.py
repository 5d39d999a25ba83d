"""Addresses of the console's rooms of calls and messages."""

from django.urls import path

from telephony.calls import chart_pages as charts
from telephony.calls import event_pages as call_events
from telephony.calls import pages as calls
from telephony.messages import bulk_pages as bulk
from telephony.messages import conversation_pages as conversations
from telephony.messages import pages as messages
from telephony.optouts import pages as optouts

urlpatterns = [
    path("calls", calls.calls, name="calls"),
    path("calls/charts", charts.calls, name="call-charts"),
    path("calls/new", calls.place, name="call-new"),
    path("calls/<uuid:call_id>", calls.call, name="call"),
    path("calls/<uuid:call_id>/events", call_events.events, name="call-events"),
    path("calls/<uuid:call_id>/hangup", calls.hang_up, name="call-hang-up"),
    path("messages", messages.messages, name="messages"),
    path("messages/new", messages.send, name="message-new"),
    path("messages/bulk", bulk.batches, name="batches"),
    path("messages/bulk/new", bulk.start, name="batch-new"),
    path("messages/bulk/<uuid:batch_id>", bulk.batch, name="batch"),
    path("messages/bulk/<uuid:batch_id>/pause", bulk.pause, name="batch-pause"),
    path("messages/bulk/<uuid:batch_id>/resume", bulk.resume, name="batch-resume"),
    path("messages/bulk/<uuid:batch_id>/cancel", bulk.cancel, name="batch-cancel"),
    path("messages/opt-outs", optouts.optouts, name="opt-outs"),
    path("messages/opt-outs/end", optouts.end, name="opt-out-end"),
    path("messages/with", conversations.talks, name="conversations"),
    path("messages/with/<path:number>", conversations.talk, name="conversation"),
    path("messages/<uuid:message_id>", messages.message, name="message"),
    path("messages/<uuid:message_id>/cancel", messages.cancel, name="message-cancel"),
]
