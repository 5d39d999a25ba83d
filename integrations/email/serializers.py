from typing import Any

from rest_framework import serializers

from integrations.email.services import BACKENDS

# One line with something on it: a line break in a subject would start another mail header.
# Spaces, then anything but a space: there is one way to match, so the time is linear.
_ONE_LINE = r"^ *[^\x00-\x20\x7f][^\x00-\x1f\x7f]*\Z"


class EmailTestSerializer(serializers.Serializer[Any]):
    to = serializers.EmailField(max_length=254)
    subject = serializers.RegexField(
        _ONE_LINE,
        min_length=1,
        max_length=120,
        trim_whitespace=False,
        error_messages={"invalid": "Use one line of 1 to 120 characters, without control codes."},
    )
    text = serializers.CharField(min_length=1, max_length=2000, trim_whitespace=False)


class EmailOutcomeSerializer(serializers.Serializer[Any]):
    backend = serializers.ChoiceField(choices=[*BACKENDS, "stub"])
    delivered = serializers.BooleanField()
    message = serializers.CharField(help_text="What happened, in a sentence.")
