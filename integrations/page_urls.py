"""Addresses of the console's rooms Settings, Mail and Calendar."""

from django.urls import path

from integrations import pages
from integrations.breakers import pages as breakers
from integrations.calendar.room import event_pages, feed_pages, slot_pages
from integrations.calendar.room import pages as agenda
from integrations.credentials import pages as credentials
from integrations.email import compose_pages
from integrations.email import pages as mail
from integrations.email.content import pages as content
from integrations.email.summaries import pages as summaries
from integrations.email.suppressions import pages as suppressions
from integrations.notifications import pages as notifications

urlpatterns = [
    path("settings", pages.settings, name="settings"),
    path("settings/calendar/<slug:provider>/connect", pages.connect, name="settings-connect"),
    path(
        "settings/calendar/<slug:provider>/disconnect",
        pages.disconnect,
        name="settings-disconnect",
    ),
    path("settings/providers", breakers.providers, name="providers"),
    path("settings/keys/<slug:provider>", credentials.keys, name="keys"),
    path("settings/keys/<slug:provider>/verify", credentials.verify, name="keys-verify"),
    path("settings/keys/<slug:provider>/delete", credentials.delete, name="keys-delete"),
    path("settings/notifications", notifications.notifications, name="notifications"),
    path("mail", mail.mails, name="mail"),
    path("mail/new", compose_pages.compose, name="mail-new"),
    path("mail/preview", compose_pages.preview, name="mail-preview"),
    path("mail/templates", content.templates, name="mail-templates"),
    path("mail/templates/<slug:name>", content.template, name="mail-template"),
    path("mail/templates/<slug:name>/html", content.html, name="mail-template-html"),
    path("mail/suppressions", suppressions.index, name="mail-suppressions"),
    path("mail/suppressions/remove", suppressions.remove, name="mail-suppression-remove"),
    path("mail/suppressions/restore", suppressions.restore, name="mail-suppression-restore"),
    path("mail/summaries", summaries.summaries, name="mail-summaries"),
    path("mail/<uuid:mail_id>", mail.mail, name="mail-message"),
    path("mail/<uuid:mail_id>/html", mail.html, name="mail-html"),
    path("mail/<uuid:mail_id>/again", mail.send_again, name="mail-again"),
    path("calendar", agenda.calendar, name="calendar"),
    path("calendar/events/new", event_pages.create, name="event-new"),
    path(
        "calendar/events/<slug:provider>/<path:event_id>/delete",
        event_pages.delete,
        name="event-delete",
    ),
    path("calendar/events/<slug:provider>/<path:event_id>", event_pages.event, name="event"),
    path("calendar/slots", slot_pages.free_slots, name="slots"),
    path("calendar/feed", feed_pages.show, name="feed"),
    path("calendar/feed/end", feed_pages.end, name="feed-end"),
]
