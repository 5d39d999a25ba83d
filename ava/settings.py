"""Django's settings. Everything that varies comes from `ava.conf.env`; this file reads it once."""

import re
import sys
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

from whitenoise.compress import Compressor

from ava.conf import addresses, env, garbage, keyfile, stores
from ava.conf.browsers import (  # noqa: F401 - settings because they are here
    CONTENT_SECURITY_POLICY,
    CORS_ALLOW_HEADERS,
    CORS_ALLOW_METHODS,
    CORS_EXPOSE_HEADERS,
    CORS_PREFLIGHT_MAX_AGE,
    CORS_URLS_REGEX,
)
from ava.observability import logs

# Before the apps are loaded.
garbage.spare_what_is_loaded()

BASE_DIR = env.BASE_DIR
ENV = env.load()
PRODUCTION = ENV["AVA_ENV"] == "production"
DATA_DIR = BASE_DIR / ENV["AVA_DATA_DIR"]

_keys = keyfile.completed(DATA_DIR, ENV)
SECRET_KEY: str = _keys["SECRET_KEY"]
AVA_JWT_KEY: str = _keys["AVA_JWT_KEY"]
AVA_KEYS: str = _keys["AVA_KEYS"]
# What was signed with these still holds; nothing new is. See "Signing keys" in docs/DEPLOYMENT.md.
SECRET_KEY_FALLBACKS = [key for key in [_keys.get("SECRET_KEY_PREVIOUS")] if key]
AVA_JWT_KEY_PREVIOUS: str | None = _keys.get("AVA_JWT_KEY_PREVIOUS") or None
del _keys

DEBUG: bool = ENV["DJANGO_DEBUG"]
PUBLIC_URL: str | None = addresses.public_url(ENV)
_public = urlsplit(PUBLIC_URL or "")
# Path of AVA_PUBLIC_URL: all of AVA is below it, and what links to AVA says so.
PUBLIC_PREFIX: str = _public.path
FORCE_SCRIPT_NAME: str | None = PUBLIC_PREFIX or None
TRUSTED_PROXIES: int = ENV["AVA_TRUSTED_PROXIES"]
# Standard names, of which OpenTelemetry reads others by itself.
TRACES_ENDPOINT: str | None = ENV["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] or (
    ENV["OTEL_EXPORTER_OTLP_ENDPOINT"] and f"{ENV['OTEL_EXPORTER_OTLP_ENDPOINT']}/v1/traces"
)
TRACING: bool = TRACES_ENDPOINT is not None and not ENV["OTEL_SDK_DISABLED"]
SENTRY_DSN: str | None = ENV["SENTRY_DSN"]
METRICS_TOKEN: str | None = ENV["AVA_METRICS_TOKEN"]
SANDBOX: bool = ENV["AVA_SANDBOX"]
# Names this machine only: what the sandbox's mail server shows over STARTTLS.
SANDBOX_CERTIFICATE = BASE_DIR / "sandbox" / "smtp" / "certificate.pem"
REDIS_URL: str | None = ENV["REDIS_URL"]
CELERY_BROKER_URL: str | None = ENV["CELERY_BROKER_URL"]

# Limits and thresholds
BREAKER_THRESHOLD: int = ENV["CIRCUIT_BREAKER_THRESHOLD"]
BREAKER_RECOVERY_SECONDS: int = ENV["CIRCUIT_BREAKER_RECOVERY_TIMEOUT"]
BREAKER_SUCCESS_THRESHOLD: int = ENV["CIRCUIT_BREAKER_SUCCESS_THRESHOLD"]
RATE_LIMIT_PER_MINUTE: int = ENV["RATE_LIMIT_PER_MINUTE"]
ACTIVITY_DAYS: int = ENV["AVA_ACTIVITY_DAYS"]
WEBHOOK_MIB_PER_DAY: int = ENV["AVA_WEBHOOK_MIB_PER_DAY"]
VAPI_CACHE_SECONDS: int = ENV["VAPI_CACHE_SECONDS"]

# Seconds after which a mail or a calendar event that got no answer is not on its way any more.
INTENT_SETTLE_SECONDS = 20.0

# Telephony, all in seconds. A request that got no answer may still be on its way for as long as
# SETTLE; a provider that then has no trace of it is asked once more after LOOK_AGAIN.
TELEPHONY_SETTLE_SECONDS = 20.0
TELEPHONY_LOOK_AGAIN_SECONDS = 10.0
# After this a call or a message is too old to be placed or sent.
TELEPHONY_VALIDITY_SECONDS = {"call": 600, "message": 3600}

# Providers: where they answer, and the operator's own credentials by variable name

VAPI_BASE_URL = addresses.base_url("vapi", "https://api.vapi.ai", ENV)
TWILIO_BASE_URL = addresses.base_url("twilio", "https://api.twilio.com", ENV)
RESEND_BASE_URL = addresses.base_url("resend", "https://api.resend.com", ENV)
GOOGLE_BASE_URL = addresses.base_url("google", "https://www.googleapis.com", ENV)
MICROSOFT_BASE_URL = addresses.base_url("microsoft", "https://graph.microsoft.com", ENV)
_OPERATORS = ("AVA_API_VAPI_API_KEY", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "RESEND_API_KEY")
OPERATOR_CREDENTIALS: dict[str, str | None] = {
    **{name: ENV[name] for name in _OPERATORS},
    **{f"SMTP_URL {part}": text for part, text in (ENV["SMTP_URL"] or {}).items()},
}
RESEND_FROM_EMAIL: str = ENV["RESEND_FROM_EMAIL"]
# Mail servers that users may name although they are not public.
SMTP_HOSTS: tuple[str, ...] = tuple(map(str.lower, ENV["AVA_SMTP_HOSTS"]))
# Of OAuth: ID and secret of the operator's apps. The sandbox brings its own.
OAUTH_APPS = {
    provider: (ENV[f"{provider}_CLIENT_ID".upper()], ENV[f"{provider}_CLIENT_SECRET".upper()])
    for provider in ("google", "microsoft")
}
if SANDBOX:
    _played = ("ava-sandbox", "ava-sandbox-secret")
    OAUTH_APPS = {name: app if any(app) else _played for name, app in OAUTH_APPS.items()}
# The day on which a client secret expires, where the operator says so. Google's do not.
CLIENT_SECRET_EXPIRES: dict[str, date | None] = {
    "microsoft": ENV["MICROSOFT_CLIENT_SECRET_EXPIRES"]
}
MICROSOFT_TENANT: str = ENV["MICROSOFT_TENANT"]
ENV_CREDENTIALS_PER_DAY: int = ENV["ENV_CREDENTIALS_PER_DAY"]

# The last word on a flag is `integrations.flags`; these are the environment's answers.
FLAGS: dict[str, bool] = {
    "CIRCUIT_BREAKER_ENABLED": ENV["CIRCUIT_BREAKER_ENABLED"],
    "INTEGRATIONS_STUB_MODE": (
        not PRODUCTION if ENV["INTEGRATIONS_STUB_MODE"] is None else ENV["INTEGRATIONS_STUB_MODE"]
    ),
    "ALLOW_ENV_CREDENTIALS": ENV["ALLOW_ENV_CREDENTIALS"],
}
# Off whatever anybody sets at run time: in production nothing may seem to be sent or booked.
FLAGS_OFF = frozenset({"INTEGRATIONS_STUB_MODE"} if PRODUCTION else ())

ALLOWED_HOSTS: list[str] = addresses.allowed_hosts(ENV)
CSRF_TRUSTED_ORIGINS = [addresses.origin(PUBLIC_URL)] if PUBLIC_URL else []
CORS_ALLOWED_ORIGINS: list[str] = ENV["AVA_CORS_ORIGINS"]

INSTALLED_APPS = [
    "ava.accounts.admin_site.AvaAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "django_prometheus",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "ava.server",
    "ava.backup",
    "ava.erasure",
    "ava.console",
    "ava.accounts",
    "ava.jobs",
    "ava.idempotency",
    "ava.inbound",
    "ava.activity",
    "ava.recording",
    "integrations",
    "vapi_settings",
    "telephony",
]

MIDDLEWARE = [
    "ava.http.middleware.RequestMiddleware",
    *(["ava.server.traced.TracingMiddleware"] if TRACING else []),
    "ava.http.middleware.MetricsBefore",
    "ava.http.cors.Cors",
    "django.middleware.security.SecurityMiddleware",
    "ava.http.middleware.ContentSecurityPolicy",
    "ava.http.middleware.StaticFiles",
    "ava.http.middleware.Session",
    "ava.http.middleware.HostMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "ava.http.middleware.Authentication",
    "ava.http.middleware.Messages",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "ava.http.middleware.MetricsAfter",
    "ava.http.middleware.BodyMiddleware",
]

ROOT_URLCONF = "ava.urls"
WSGI_APPLICATION = "ava.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "ava.console.context.shell",
            ]
        },
    }
]

DATABASES = {"default": stores.for_django(ENV["DATABASE_URL"], DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        "BACKEND": "ava.redis.django_cache.RedisCache",
        "KEY_PREFIX": "ava:cache",
        # Of those that the process keeps itself; a flood of addresses must not push out the counts.
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}
# django-ratelimit guards the admin's login form over the default cache.
RATELIMIT_IP_META_KEY = "ava.http.clients.address"

PASSWORD_HASHERS = ["ava.accounts.hashers.PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
# To see in the admin what people said or wrote, in calls and messages and what led to them.
CONTENT_PERMISSIONS = ("telephony.view_call", "telephony.view_message")
CSRF_FAILURE_VIEW = "ava.http.responses.csrf_failure"

TIME_ZONE = "UTC"
USE_I18N = False
FORMAT_MODULE_PATH = "ava.http.formats"

STATIC_URL = f"{PUBLIC_PREFIX}/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# Only a developer's tools ask for maps; packing them would be half of AVA's first start.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")

DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["ava.accounts.authentication.AccessTokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "ava.accounts.authentication.WithinScope",
    ],
    "DEFAULT_PAGINATION_CLASS": "ava.http.pagination.Pagination",
    "PAGE_SIZE": 50,
    "DEFAULT_SCHEMA_CLASS": "ava.http.openapi.AvaSchema",
    "EXCEPTION_HANDLER": "ava.http.api.exception_handler",
}
SIMPLE_JWT = {
    "SIGNING_KEY": AVA_JWT_KEY,
    "ISSUER": "ava",
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=10),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
}
SPECTACULAR_SETTINGS = {
    "TITLE": "AVA",
    "DESCRIPTION": "One API in front of Vapi, Twilio, e-mail and calendars.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVERS": [{"url": PUBLIC_PREFIX}] if PUBLIC_PREFIX else [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "ava.http.openapi.say_that_null_is_absent",
    ],
    "ENUM_NAME_OVERRIDES": {
        "CallProviderEnum": "telephony.calls.models.Call.Provider",
        "CalendarProviderEnum": "integrations.calendar.models.PROVIDERS",
        "ConnectionStateEnum": "integrations.calendar.queries.STATES",
        "CallKindEnum": "telephony.calls.models.Call.Kind",
        "ActivityKindEnum": "ava.activity.models.KINDS",
        "BatchStateEnum": "telephony.messages.models.Batch.State",
    },
    "SWAGGER_UI_SETTINGS": {"persistAuthorization": False, "tryItOutEnabled": True},
}

# Security
# In the session: their own cookie would be sent to all of the host.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = PUBLIC_PREFIX or "/"
if PRODUCTION:
    SECURE_SSL_REDIRECT = True
    # Probes and scrapes come from inside, over plain HTTP.
    _below = re.escape(f"{PUBLIC_PREFIX}/".lstrip("/"))
    SECURE_REDIRECT_EXEMPT = [rf"^{_below}(healthz|readyz|metrics)$"]
    # For this host alone: other hosts of its domain are not AVA's to decide on, so there is neither
    # W005 (subdomains) nor W021 (preload).
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Edges stand where the dashboards have their thresholds.
PROMETHEUS_LATENCY_BUCKETS = (
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0,
    float("inf"),
)  # fmt: skip

LOGGING_CONFIG = None
logs.configure(ENV["LOG_LEVEL"], for_people=not PRODUCTION and sys.stderr.isatty())
