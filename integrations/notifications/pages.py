"""Page of notifications: whether AVA writes to its user when something stops their work."""

from dataclasses import dataclass

from django import forms
from django.http import HttpRequest, HttpResponse
from rest_framework import serializers

from ava.console.views import page, redirect, render, toast, user_of
from ava.http.fields import PastedEmailField
from integrations.notifications import services

_ADDRESS = PastedEmailField(max_length=254)


class NotificationsForm(forms.Form):
    enabled = forms.BooleanField(required=False)
    address = forms.CharField(required=False, max_length=320, label="Your address")

    def clean_address(self) -> str:
        given: str = self.cleaned_data["address"]
        if not given:
            if self.cleaned_data.get("enabled"):
                raise forms.ValidationError("Enter the address to write to.")
            return ""
        try:
            return str(_ADDRESS.run_validation(given))
        except serializers.ValidationError as fault:
            raise forms.ValidationError([str(each) for each in fault.args[0]]) from fault


@dataclass(frozen=True)
class NotificationsPage:
    title: str
    is_on: bool


@page("GET", "POST")
def notifications(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    if request.method == "POST":
        form = NotificationsForm(request.POST)
        if not form.is_valid():
            return _page(request, form, is_on="enabled" in request.POST, status=422)
        kept = services.change(user=user, **form.cleaned_data)
        where = f"go to {kept.address}" if kept.enabled else "are off"
        toast(request, f"Notifications {where}.")
        return redirect(request, "notifications")
    kept = services.settings_of(user)
    form = NotificationsForm(initial={"enabled": kept.enabled, "address": kept.address})
    return _page(request, form, is_on=kept.enabled)


def _page(
    request: HttpRequest, form: NotificationsForm, *, is_on: bool, status: int = 200
) -> HttpResponse:
    shown = NotificationsPage("Notifications", is_on)
    fragments = {"sheet": "settings/_notifications_form.html"}
    return render(
        request, "settings/notifications.html", shown, fragments=fragments, status=status, form=form
    )
