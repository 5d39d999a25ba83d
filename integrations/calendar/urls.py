from django.urls import path

from integrations.calendar import pages

urlpatterns = [
    path("<str:provider>/start", pages.start, name="oauth-start"),
    path("<str:provider>/callback", pages.callback, name="oauth-callback"),
]
