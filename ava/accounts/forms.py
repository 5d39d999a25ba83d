"""Forms of logins and passwords: Django's, with guesses counted and slowed down as over REST."""

from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from ava.accounts import login_throttle, queries, services
from ava.accounts.devices import device_of
from ava.accounts.errors import LoginFailed, PasswordNotSet, PasswordWrong
from ava.http import clients


class SlowedLogin(AuthenticationForm):
    """Finds the account by user name or e-mail address, and slows down guesses."""

    def clean_username(self) -> str:
        return queries.username_of(self.cleaned_data["username"])

    def clean(self) -> dict[str, Any]:
        """Also raises LoginSlowed: the form then says nothing of the password."""
        account, password = (self.cleaned_data.get(name) for name in ("username", "password"))
        if not (self.request and account and password):
            return super().clean()
        network, device = clients.network(self.request), device_of(self.request, account=account)
        with login_throttle.guarded(account=account, network=network, device=device):
            try:
                return super().clean()
            except ValidationError:
                services.spend_as_for_a_user(account, password)
                raise


class LoginForm(SlowedLogin):
    error_messages = {
        "invalid_login": LoginFailed.detail,
        "inactive": LoginFailed.detail,
    }

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["username"].label = "User name or e-mail"
        # What is there already was right more often than not.
        if self.data.get("username") or self.initial.get("username"):
            del self.fields["username"].widget.attrs["autofocus"]
            self.fields["password"].widget.attrs["autofocus"] = True


class OwnPasswordForm(PasswordChangeForm):
    """A new password of one's own; the present one is asked for as at a login."""

    def __init__(self, user: User, *args: Any, network: str = "", **more: Any) -> None:
        super().__init__(user, *args, **more)
        self._network = network
        self.fields["old_password"].label = "Present password"
        self.fields["new_password2"].label = "New password, once more"
        self.fields["new_password2"].help_text = ""

    def clean_old_password(self) -> str:
        """Also raises LoginSlowed."""
        password: str = self.cleaned_data["old_password"]
        try:
            services.confirm_password(user=self.user, password=password, network=self._network)
        except (PasswordWrong, PasswordNotSet) as problem:
            raise ValidationError(problem.detail) from problem
        return password


class ApiTokenForm(forms.Form):
    """A new API token; the password is asked for, as a browser may have been open for long."""

    NEVER: Final = ""
    LIVES: Final = (("30", "30 days"), ("90", "90 days"), ("365", "A year"), (NEVER, "For ever"))

    name = forms.CharField(max_length=100, help_text="For you: what uses the token.")
    scope = forms.ChoiceField(
        label="May",
        choices=[("read", "Read only"), ("write", "Read and write")],
        help_text="Read only looks. To call, send, book or change, it has to write.",
    )
    days = forms.ChoiceField(label="Lives", choices=LIVES, required=False)
    password = forms.CharField(
        label="Your password",
        widget=forms.PasswordInput,
        strip=False,
        help_text="Asked for again, as the token acts for you.",
    )

    def __init__(self, user: User, *args: Any, network: str = "", **more: Any) -> None:
        super().__init__(*args, **more)
        self._user, self._network = user, network

    def clean_password(self) -> str:
        """Also raises LoginSlowed."""
        password: str = self.cleaned_data["password"]
        try:
            services.confirm_password(user=self._user, password=password, network=self._network)
        except (PasswordWrong, PasswordNotSet) as problem:
            raise ValidationError(problem.detail) from problem
        return password

    def wanted(self, now: datetime) -> dict[str, Any]:
        days = self.cleaned_data["days"]
        ends = now + timedelta(days=int(days)) if days else None
        return {**{name: self.cleaned_data[name] for name in ("name", "scope")}, "expires_at": ends}
