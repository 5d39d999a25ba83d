from django.urls import path

from integrations.calendar.events.pages import feed_page

urlpatterns = [path("", feed_page, name="calendar-feed")]
