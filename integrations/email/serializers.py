"""JSON of mails."""

import re
from typing import Any, Final

from rest_framework import serializers

from ava.http import correlation
from ava.http.fields import PastedEmailField, ShortListField, TimeParameter
from ava.intents.serializers import EntrySerializer, RowSerializer, word_field
from integrations.email import routes
from integrations.email.content import rendering
from integrations.email.content.attachments import MOST, Attachment, WrongAttachment, parse
from integrations.email.content.catalogue import LINK, TEMPLATES
from integrations.email.models import ADDRESS_LENGTH, SUBJECT_LENGTH, Mail, Recipient
from integrations.email.states import MAIL

MOST_RECIPIENTS: Final = 50
"""Recipients of a mail in all groups together, as at Resend."""

MOST_TEXT: Final = 20_000
"""Characters that a template's field holds."""

MOST_FIELDS: Final = max(len(template.fields) for template in TEMPLATES.values())

# One line with something on it: a line break in a subject would start another mail header, and so
# might one that mail programs find in =?...?= (RFC 2047).
# Spaces, then anything but a space: there is one way to match, so the time is linear.
_ONE_LINE: Final = r"^(?!.*=\?) *[^\x00-\x20\x7f][^\x00-\x1f\x7f]*\Z"
_WEB: Final = re.compile(r"https?://[^\s\x00-\x1f\x7f]+")


class SubjectField(serializers.RegexField):
    """Subject: one line."""

    def __init__(self, most: int, **kwargs: Any) -> None:
        sentence = f"Use one line of 1 to {most} characters, without control codes and =?."
        super().__init__(
            _ONE_LINE,
            min_length=1,
            max_length=most,
            trim_whitespace=False,
            error_messages={"invalid": sentence},
            **kwargs,
        )


class AddressesField(ShortListField):
    """E-mail addresses; a single one may be a text."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            child=PastedEmailField(max_length=254), max_length=MOST_RECIPIENTS, **kwargs
        )

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value([data] if isinstance(data, str) else data)


class ContextField(serializers.DictField):
    """Values of a template's fields."""

    child = serializers.CharField(max_length=MOST_TEXT, allow_blank=True)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and len(data) > MOST_FIELDS:
            raise serializers.ValidationError(f"No template has more than {MOST_FIELDS} fields.")
        return super().to_internal_value(data)


class EmailTestSerializer(serializers.Serializer[Any]):
    to = PastedEmailField(max_length=254)
    subject = SubjectField(120)
    text = serializers.CharField(min_length=1, max_length=2000, trim_whitespace=False)


class EmailOutcomeSerializer(serializers.Serializer[Any]):
    backend = serializers.ChoiceField(choices=[*routes.BACKENDS, "stub"])
    delivered = serializers.BooleanField(help_text="The provider has taken it.")
    message = serializers.CharField(help_text="What happened, in a sentence.")
    id = serializers.UUIDField(required=False, help_text="Of the e-mail, where one was sent.")


class NewAttachmentSerializer(serializers.Serializer[Any]):
    filename = serializers.CharField()
    content_type = serializers.CharField(help_text="Such as application/pdf.")
    content = serializers.CharField(
        trim_whitespace=False, help_text="base64; all attachments together have at most 700 KiB."
    )


class NewMailSerializer(serializers.Serializer[Any]):
    to = AddressesField(min_length=1)
    cc = AddressesField(required=False)
    bcc = AddressesField(required=False)
    reply_to = AddressesField(required=False)
    subject = SubjectField(SUBJECT_LENGTH, required=False, help_text="Default: the template's.")
    text = serializers.CharField(required=False, max_length=200_000, trim_whitespace=False)
    html = serializers.CharField(required=False, max_length=400_000, trim_whitespace=False)
    template = word_field(TEMPLATES)
    context = ContextField(  # type: ignore[assignment]  # Field's, too
        required=False, help_text="What the template's fields hold."
    )
    attachments = ShortListField(
        child=NewAttachmentSerializer(),
        max_length=MOST,
        required=False,
        error_messages={"max_length": "At most {max_length} attachments fit into a mail."},
    )
    transactional = serializers.BooleanField(
        default=True, help_text="False: the mail says how to unsubscribe."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A mail says something, to a number of people that Resend takes."""
        if sum(len(attrs.get(kind, ())) for kind in Recipient.Kind.values) > MOST_RECIPIENTS:
            raise serializers.ValidationError({"to": [f"At most {MOST_RECIPIENTS} recipients."]})
        context = attrs.pop("context", {})
        if "template" in attrs:
            attrs |= _rendered(attrs, context)
        elif context:
            raise serializers.ValidationError({"context": ["Name the template that it is for."]})
        if not (attrs.get("text") or attrs.get("html")):
            raise serializers.ValidationError({"text": ["Write a text, or HTML."]})
        if not attrs.get("subject"):
            raise serializers.ValidationError({"subject": ["This field is required."]})
        return attrs

    def validate_attachments(self, value: list[dict[str, str]]) -> list[Attachment]:
        try:
            return parse(value)
        except WrongAttachment as wrong:
            raise serializers.ValidationError(str(wrong)) from None


def _rendered(attrs: dict[str, Any], context: dict[str, str]) -> dict[str, str]:
    """Subject, text and HTML of a template."""
    template = rendering.find(attrs["template"])
    if attrs.get("text") or attrs.get("html"):
        both = "Write text or HTML, or name a template."
        raise serializers.ValidationError({"template": [both]})
    if unknown := sorted(context.keys() - template.fields.keys()):
        known = ", ".join(template.fields)
        raise serializers.ValidationError(
            {"context": [f"There is no {unknown[0][:40]} in it. Its fields are {known}."]}
        )
    if missing := [name for name in template.required if not context.get(name, "").strip()]:
        raise serializers.ValidationError({"context": [f"It needs {', '.join(missing)}."]})
    link = context.get(LINK, "")
    if link and not _WEB.fullmatch(link):
        raise serializers.ValidationError(
            {"context": ["A link begins with https:// and has no blanks."]}
        )
    found = rendering.render(template.name, context, subject=attrs.get("subject", ""))
    return {"subject": found.subject, "text": found.text, "html": found.html}


class TemplateSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    about = serializers.CharField()
    required = serializers.DictField(  # type: ignore[assignment]  # Field's, too
        child=serializers.CharField(), help_text="Fields, and what they hold."
    )
    optional = serializers.DictField(child=serializers.CharField())


class PreviewSerializer(TemplateSerializer):
    subject = serializers.CharField()
    text = serializers.CharField()
    html = serializers.CharField()


class RecipientSerializer(RowSerializer):
    address = serializers.CharField()
    kind = serializers.CharField(help_text="to, cc or bcc.")
    status = serializers.CharField(help_text="As the status of a mail.")
    detail = serializers.CharField(help_text="What the provider says of it; may be empty.")


class ListedMailSerializer(RowSerializer):
    """A mail without its texts."""

    id = serializers.UUIDField()
    backend = serializers.ChoiceField(choices=Mail.Backend.values)
    status = serializers.CharField(
        help_text="The worst of its recipients': pending, unknown, sent, delivered, bounced, "
        "complained, suppressed, failed."
    )
    from_email = serializers.CharField(help_text="Empty where the stub stands in.")
    subject = serializers.CharField()
    recipients = RecipientSerializer(many=True, source="shown_recipients")
    error = serializers.CharField(
        help_text="For people: why it failed, or why AVA cannot say what became of it; else empty."
    )
    delivery_note = serializers.CharField(
        help_text="For people: why `sent` is the last that AVA hears of it, and what to do; empty "
        "where its delivery is reported."
    )
    correlation_id = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField(help_text="Of the last change of `status`.")
    timeline = EntrySerializer(many=True, source="entries")


class MailAttachmentSerializer(RowSerializer):
    filename = serializers.CharField()
    content_type = serializers.CharField()
    size = serializers.IntegerField(help_text="In bytes.")


class MailSerializer(ListedMailSerializer):
    reply_to = serializers.ListField(child=serializers.CharField())
    text = serializers.CharField()
    html = serializers.CharField()
    transactional = serializers.BooleanField()
    attachments = MailAttachmentSerializer(many=True, source="shown_attachments")


class MailFiltersSerializer(serializers.Serializer[Any]):
    status = word_field(MAIL.ranks)
    backend = word_field(Mail.Backend.values)
    correlation_id = serializers.CharField(required=False, max_length=correlation.MAX_LENGTH)
    search = serializers.CharField(
        required=False, max_length=100, help_text="A part of the subject or of an address."
    )
    recipient = serializers.CharField(
        required=False, max_length=ADDRESS_LENGTH, help_text="The whole address of one."
    )
    since = TimeParameter(required=False, help_text="Made at this moment or later.")
    until = TimeParameter(required=False, help_text="Made before this moment.")
