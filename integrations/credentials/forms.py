"""Admin form of credentials: secrets can be typed in and replaced, never read."""

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms

from ava.http.problems import ValidationFailed
from integrations.credentials import services, store
from integrations.credentials.models import Credential
from integrations.credentials.providers import Field, Kind, Provider

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Credential]
else:
    _ModelForm = forms.ModelForm


def form_for(provider: Provider, stored: services.Description | None) -> "type[_CredentialForm]":
    """Form class with this provider's fields.

    Args:
        stored: what is stored now, masked; None for a new credential.
    """
    fields: dict[str, Any] = {}
    for field in provider.fields:
        fields[field.name] = _input(field, stored)
        if field.secret and not field.required and stored and stored.fields[field.name]:
            fields[_remove(field)] = forms.BooleanField(
                label=f"Remove {_label(field)}", required=False
            )
    meta = type("Meta", (), {"model": Credential, "fields": () if stored else ("user",)})
    members = {"provider": provider, "stored": stored, "Meta": meta, **fields}
    return type(f"{provider.slug.title()}Form", (_CredentialForm,), members)


class _CredentialForm(_ModelForm):
    provider: ClassVar[Provider]
    stored: ClassVar[services.Description | None]
    values: dict[str, Any]  # what to hand to `services.save`

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        user = cleaned["user"] if self.stored is None else self.instance.user
        self.values = {field.name: self._value(field, cleaned) for field in self.provider.fields}
        if self.stored is None and store.find(user=user, provider=self.provider.slug):
            self.add_error("user", f"{user} has {self.provider.name} credentials. Change those.")
            return cleaned
        try:
            services.preview(user=user, provider=self.provider.slug, values=self.values)
        except ValidationFailed as problem:
            for name, sentences in (problem.errors or {}).items():
                self.add_error(name, sentences)
        return cleaned

    def _value(self, field: Field, cleaned: dict[str, Any]) -> Any:
        """Value to save; for a secret left empty the mask, which keeps the stored one."""
        typed = cleaned[field.name]
        if not field.secret or typed or not self.stored or cleaned.get(_remove(field)):
            return typed
        return self.stored.fields[field.name]


def _input(field: Field, stored: services.Description | None) -> forms.Field:
    shown = stored.fields[field.name] if stored else None
    common: dict[str, Any] = {"label": _label(field), "help_text": field.about}
    if field.secret:
        if shown:
            common["help_text"] += f" Stored: {shown}. Leave empty to keep it."
        return forms.CharField(
            **common,
            # Not in the browser, either, where one is stored: left empty means keep.
            required=not shown and field.required,
            strip=field.kind is not Kind.TEXT,
            widget=forms.PasswordInput(
                attrs={"autocomplete": "new-password", "class": "vTextField"}
            ),
        )
    common |= {"required": field.required, "initial": shown}
    match field.kind:
        case Kind.PORT:
            return forms.IntegerField(**common, min_value=1, max_value=65535)
        case Kind.CHOICE:
            default = [] if field.required else [("", "default")]
            choices = [*default, *((each, each) for each in field.choices)]
            return forms.ChoiceField(**common, choices=choices)
    widget = forms.TextInput(attrs={"class": "vTextField"})
    return forms.CharField(**common, max_length=field.max_length, widget=widget)


def _remove(field: Field) -> str:
    return f"remove_{field.name}"


def _label(field: Field) -> str:
    return field.name.replace("_", " ").capitalize()
