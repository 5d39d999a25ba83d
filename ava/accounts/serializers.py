from typing import Any

from rest_framework import serializers

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


class TokensSerializer(serializers.Serializer[Any]):
    access_token = serializers.CharField()
    refresh_token = serializers.CharField(help_text="Works once; the answer carries its successor.")
    token_type = serializers.ChoiceField(["bearer"])
    expires_in = serializers.IntegerField(help_text="Life of the access token in seconds.")


class LoginSerializer(TokensSerializer):
    user = AccountSerializer()
