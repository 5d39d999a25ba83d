"""Providers that a user can connect, and the fields that each one asks for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property, partial
from types import MappingProxyType

from ava.conf.mailserver import PARTS as SMTP_PARTS
from integrations import sender_kinds

_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"


def _any_case(text: str) -> str:
    """A pattern for the text in upper and lower case: JSON Schema's patterns know no flags."""
    return "".join(f"[{c.upper()}{c.lower()}]" if c.isalpha() else c for c in text)


# Headers that proxies, browsers or AVA itself write into every request.
_WRITTEN_BY_OTHERS = (
    "forwarded|original-|real-ip|client-ip|cluster-client-ip|correlation-id|request-id|csrf|xsrf"
    "|requested-with|http-method|method-override|envoy-|amzn-|b3-|cloud-trace-context"
)


class Kind(Enum):
    """Kind of a field: the pattern of its whole text, and a sentence for what does not match."""

    KEY = r"[!-~]+", "Use printable ASCII characters without spaces."
    TEXT = (
        r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+",
        "Control characters are not allowed.",
    )
    EMAIL = r"[^\x00-\x1f\x7f]+@[^\x00-\x1f\x7f]+", "This is not an e-mail address."
    SENDER = sender_kinds.PATTERN, "Write the number in E.164, such as +15005550006."
    HOST = (
        rf"{_LABEL}(\.{_LABEL})*|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%[!-~]+)?",
        "Write a host name or an IP address, without scheme and port.",
    )
    PORT = r"[0-9]+", "A port is a whole number from 1 to 65535."
    CHOICE = r"[a-z0-9]+", "Choose one of the values offered."
    ACCOUNT_SID = r"AC[0-9a-fA-F]{32}", "An account SID is AC and 32 hexadecimal digits."
    API_KEY_SID = r"SK[0-9a-fA-F]{32}", "An API key SID is SK and 32 hexadecimal digits."
    WEBHOOK_KEY = (
        r"[!-~]{16,}",
        "Use at least 16 printable ASCII characters without spaces, better 32 or more.",
    )
    HEADER = (
        rf"[Xx]-(?!{_any_case(_WRITTEN_BY_OTHERS)})[A-Za-z0-9-]+|{_any_case('authorization')}",
        "Use Authorization, or a name of letters, digits and hyphens that begins with X- and is "
        "none that proxies or browsers set.",
    )
    # What a webhook's signature covers.
    SIGNED = (
        r"([!-z|~]|\{timestamp\})*\{body\}([!-z|~]|\{timestamp\})*",
        "Write {body} once and {timestamp} where it belongs, without spaces.",
    )

    def __init__(self, pattern: str, sentence: str) -> None:
        self.pattern = pattern
        self.sentence = sentence


@dataclass(frozen=True)
class Field:
    """One field of a provider's credentials; `about` is for the person who fills it in."""

    name: str
    about: str
    kind: Kind = Kind.KEY
    secret: bool = False
    required: bool = True
    max_length: int = 256
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Provider:
    slug: str
    name: str
    fields: tuple[Field, ...] = ()  # empty where users are connected by signing in (OAuth)
    # Field name -> variable of the operator's own credentials, or a part of one.
    environment: Mapping[str, str] = field(default_factory=dict)
    # Fields that decide where the secrets are sent. When one changes, no mask keeps a secret.
    destination: tuple[str, ...] = ()
    # Secrets each of which proves webhooks. A new one is not taken beside another that is kept by
    # its mask: a caller who knows none of them must not add one of their own.
    proofs: tuple[str, ...] = ()
    webhooks: str = ""  # the path where AVA takes its webhooks
    unheard: str = ""  # a warning where there is no webhook_secret: what AVA does not hear of
    # What a user's daily allowance of the operator's credentials counts.
    counted: str = "calls and messages"

    @cached_property
    def secret_names(self) -> frozenset[str]:
        return frozenset(spec.name for spec in self.fields if spec.secret)


_optional = partial(Field, required=False)


def _choice(name: str, about: str, *choices: str, required: bool = False) -> Field:
    return Field(name, about, Kind.CHOICE, required=required, choices=choices)


_FROM_EMAIL = Field("from_email", "Address your mail comes from.", Kind.EMAIL, max_length=254)
_WEBHOOK_SECRET = _optional(
    "webhook_secret",
    "Secret that signs the provider's webhooks: at least 16 characters, 32 or more are better.",
    Kind.WEBHOOK_KEY,
    secret=True,
)
# How Vapi proves that a webhook is its own: https://docs.vapi.ai/server-url/server-authentication
_WEBHOOK_SCHEME = (
    _choice(
        "webhook_scheme",
        "How Vapi proves itself: the secret in a header (default), as bearer token, or an HMAC.",
        "secret",
        "bearer",
        "hmac",
    ),
    _optional(
        "webhook_header",
        "Header of the proof; default X-Vapi-Secret, Authorization or x-signature. Another one "
        "begins with X-.",
        Kind.HEADER,
        max_length=64,
    ),
    _choice("webhook_algorithm", "Hash of the HMAC; default sha256.", "sha256", "sha512", "sha1"),
    _choice("webhook_encoding", "How the HMAC is written; default hex.", "hex", "base64"),
    _optional("webhook_prefix", "What stands before the HMAC, such as sha256=.", max_length=32),
    _optional(
        "webhook_payload",
        "What the HMAC covers; default {timestamp}.{body}.",
        Kind.SIGNED,
        max_length=64,
    ),
    _optional(
        "webhook_timestamp_header",
        "Header of the timestamp; default x-timestamp. Another one begins with X-.",
        Kind.HEADER,
        max_length=64,
    ),
)

_ALL = (
    Provider(
        "vapi",
        "Vapi",
        (
            Field("api_key", "Private API key.", secret=True),
            _WEBHOOK_SECRET,
            *_WEBHOOK_SCHEME,
            _optional("default_assistant_id", "Assistant where none is named.", max_length=64),
        ),
        {"api_key": "AVA_API_VAPI_API_KEY"},
        destination=("api_key",),
        webhooks="/api/v1/webhooks/vapi",
    ),
    Provider(
        "twilio",
        "Twilio",
        (
            Field("account_sid", "Account SID (AC...).", Kind.ACCOUNT_SID),
            Field("auth_token", "Auth token of the account.", secret=True),
            _optional(
                "secondary_auth_token",
                "The other auth token, while one is being promoted: webhooks signed with "
                "either are taken.",
                secret=True,
            ),
            _optional(
                "api_key_sid", "SID of an API key (SK...), with its secret.", Kind.API_KEY_SID
            ),
            _optional("api_key_secret", "Secret of that API key.", secret=True),
            _optional(
                "default_from",
                "Sender where none is named: a number (E.164); for messages also a name, a short "
                "code, or a Messaging Service (MG...).",
                Kind.SENDER,
            ),
        ),
        {"account_sid": "TWILIO_ACCOUNT_SID", "auth_token": "TWILIO_AUTH_TOKEN"},
        webhooks="/api/v1/webhooks/twilio/message",
        destination=("account_sid",),
        proofs=("auth_token", "secondary_auth_token"),
    ),
    Provider(
        "resend",
        "Resend",
        (Field("api_key", "API key (re_...).", secret=True), _WEBHOOK_SECRET, _FROM_EMAIL),
        {"api_key": "RESEND_API_KEY"},
        destination=("api_key",),
        webhooks="/api/v1/webhooks/resend",
        unheard=(
            "Whether your mails arrive is not reported to AVA. Register the webhook_url at Resend, "
            "and store the signing secret that it shows as webhook_secret."
        ),
        counted="recipients of e-mails",
    ),
    Provider(
        "smtp",
        "SMTP",
        (
            Field("host", "Name or address of the mail server.", Kind.HOST, max_length=253),
            Field("port", "Port of the mail server.", Kind.PORT),
            _choice("security", "TLS of the connection.", "none", "starttls", "tls", required=True),
            Field("username", "Login at the mail server.", Kind.TEXT),
            Field("password", "Password of that login.", Kind.TEXT, secret=True),
            _FROM_EMAIL,
        ),
        {part: f"SMTP_URL {part}" for part in SMTP_PARTS},
        destination=("host", "port", "security", "username"),
        counted="recipients of e-mails",
    ),
    Provider("google", "Google Calendar"),
    Provider("microsoft", "Microsoft 365"),
)
PROVIDERS: Mapping[str, Provider] = MappingProxyType({each.slug: each for each in _ALL})

# Those whose credentials are typed in; the others are connected by signing in.
BY_FIELDS: tuple[str, ...] = tuple(slug for slug, each in PROVIDERS.items() if each.fields)
