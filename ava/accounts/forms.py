"""Forms of the admin: its login, and the page of a user."""

from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils import timezone

from ava.accounts import devices, login_throttle
from ava.http import clients


class StaffLoginForm(AdminAuthenticationForm):
    """Django's, slowed down as the login over REST is, on the same counters.

    The name that is counted is the one that is checked: stripped and normalised by the field.
    A right password of somebody who is no operator counts as wrong, because the form says so.
    """

    def clean(self) -> dict[str, Any]:
        """Raises LoginSlowed besides: the form is then not for showing."""
        account, password = (self.cleaned_data.get(name) for name in ("username", "password"))
        if not (self.request and account and password):
            return super().clean()
        attempt = login_throttle.admit(
            account=account,
            network=clients.network(self.request),
            device=devices.known(self.request, account=account),
            now=timezone.now(),
        )
        try:
            cleaned = super().clean()
        except ValidationError:
            login_throttle.failed(attempt, now=timezone.now())
            raise
        login_throttle.succeeded(attempt, now=timezone.now())
        return cleaned


class AccountForm(UserChangeForm):  # type: ignore[type-arg]  # no argument at run time
    """A user's page. An e-mail address names one account: with two it would log in neither."""

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        others = User.objects.exclude(pk=self.instance.pk)
        if email and others.filter(email__iexact=email).exists():
            raise ValidationError("Another account has this e-mail address.")
        return email
