"""Everything under /api/v1/integrations/calendar."""

from django.urls import path

from integrations.calendar.api import CalendarViewSet

urlpatterns = [
    path(
        "calendar/<str:provider>/events",
        CalendarViewSet.as_view({"get": "events"}),
        name="calendar-events",
    ),
]
