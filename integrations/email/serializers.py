"""JSON of e-mails."""

import re
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from integrations.email.services import BACKENDS

_LONGEST_SUBJECT = 120
# One line with something on it: a line break in a subject would start another mail header.
# Spaces, then anything but a space: there is one way to match, so the time is linear.
_ONE_LINE = r"^ *[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"


@extend_schema_field(
    {"type": "string", "minLength": 1, "maxLength": _LONGEST_SUBJECT, "pattern": _ONE_LINE}
)
class _SubjectField(serializers.CharField):
    """String whose OpenAPI schema says what `validate_subject` checks."""


class EmailTestSerializer(serializers.Serializer[Any]):
    to = serializers.EmailField(max_length=254)
    subject = _SubjectField(min_length=1, max_length=_LONGEST_SUBJECT, trim_whitespace=False)
    text = serializers.CharField(min_length=1, max_length=2000, trim_whitespace=False)

    def validate_subject(self, subject: str) -> str:
        """Subject of one line. Runs only when its length is right, unlike a field's validators."""
        if not re.fullmatch(_ONE_LINE, subject):
            raise serializers.ValidationError(
                "Use one line of 1 to 120 characters, without control codes."
            )
        return subject


class EmailOutcomeSerializer(serializers.Serializer[Any]):
    backend = serializers.ChoiceField(choices=[*BACKENDS, "stub"])
    delivered = serializers.BooleanField()
    message = serializers.CharField(help_text="What happened, in a sentence.")
    id = serializers.CharField(required=False, help_text="The backend's own, where it gave one.")
