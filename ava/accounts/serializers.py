"""Serializers of logins, accounts and API tokens."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from ava.accounts.models import ApiToken
from ava.http.fields import PastedField

# Longer than any token AVA signs or password people type; short enough to hash without harm.
LONGEST = 4096


class CredentialsSerializer(serializers.Serializer[Any]):
    identifier = serializers.CharField(max_length=254, help_text="User name or e-mail address.")
    password = serializers.CharField(
        max_length=LONGEST, trim_whitespace=False, write_only=True, style={"input_type": "password"}
    )


class RefreshSerializer(serializers.Serializer[Any]):
    refresh_token = serializers.CharField(max_length=LONGEST, write_only=True)


class AccountSerializer(serializers.Serializer[Any]):
    """The user behind a token, as far as a frontend needs to know."""

    id = serializers.IntegerField()
    username = serializers.CharField()
    email = serializers.CharField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    is_staff = serializers.BooleanField()


class NewApiTokenSerializer(serializers.Serializer[Any]):
    name = PastedField(max_length=100, help_text="For you: what uses the token.")
    scope = serializers.ChoiceField(choices=ApiToken.Scope.choices)
    expires_at = serializers.DateTimeField(
        required=False, help_text="End of its life; left out: it has none."
    )

    def validate_expires_at(self, moment: datetime) -> datetime:
        if moment <= timezone.now():
            raise serializers.ValidationError("This moment has passed.")
        return moment


class ApiTokenSerializer(serializers.ModelSerializer[ApiToken]):
    """A token as its list shows it: never itself."""

    class Meta:
        model = ApiToken
        fields: tuple[str, ...] = (
            "id", "name", "scope", "last_four", "created_at", "expires_at", "last_used_at",
        )  # fmt: skip
        read_only_fields = fields


class MadeApiTokenSerializer(ApiTokenSerializer):
    """A token that was just made. Only this answer has the token itself."""

    token = serializers.RegexField(r"^ava_[0-9A-Za-z]{36}$")

    class Meta(ApiTokenSerializer.Meta):
        fields = (*ApiTokenSerializer.Meta.fields, "token")
        read_only_fields = fields


class TokensSerializer(serializers.Serializer[Any]):
    access_token = serializers.CharField()
    refresh_token = serializers.CharField(help_text="Works once; the answer carries its successor.")
    token_type = serializers.ChoiceField(["bearer"])
    expires_in = serializers.IntegerField(help_text="Life of the access token in seconds.")


class LoginSerializer(TokensSerializer):
    user = AccountSerializer()
