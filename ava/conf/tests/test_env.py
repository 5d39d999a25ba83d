import re
from pathlib import Path

import pytest

from ava import cache as readcache
from ava import upstream
from ava.conf import env


def test_what_is_not_set_takes_the_documented_default() -> None:
    values = env.read({})
    assert values["CIRCUIT_BREAKER_THRESHOLD"] == 3
    assert values["RATE_LIMIT_PER_MINUTE"] == 10
    assert values["CIRCUIT_BREAKER_ENABLED"] is True
    assert values["DATABASE_URL"] is None


def test_the_fewest_threads_leave_some_beside_a_hanging_provider() -> None:
    [threads] = [variable for variable in env.VARIABLES if variable.name == "AVA_THREADS"]
    # Those inside the bulkhead, and those who wait for what one of them reads.
    held = max(door.policy.bulkhead for door in upstream.doors()) + readcache.MAX_WAITERS
    assert threads.low >= held + 8
    with pytest.raises(env.EnvironmentInvalid, match="AVA_THREADS must be a whole number from"):
        env.read({"AVA_THREADS": str(threads.low - 1)})


def test_an_empty_value_counts_as_not_set() -> None:
    assert env.read({"AVA_PORT": "", "REDIS_URL": " "})["AVA_PORT"] == 8000


@pytest.mark.parametrize(
    ("name", "raw", "sentence"),
    [
        ("CIRCUIT_BREAKER_THRESHOLD", "three", "must be a whole number from 1 to 1000, not"),
        ("CIRCUIT_BREAKER_THRESHOLD", "0", "must be a whole number from 1 to 1000, not"),
        ("CIRCUIT_BREAKER_THRESHOLD", "3.5", "must be a whole number"),
        ("AVA_PORT", "٨٠٠٠", "must be a whole number from 1 to 65535"),
        ("CIRCUIT_BREAKER_ENABLED", "maybe", "must be 1 or 0, not 'maybe'"),
        ("MICROSOFT_CLIENT_SECRET_EXPIRES", "30.6.2027", "must be a date such as 2027-06-30, not"),
        ("AVA_ENV", "staging", "must be development or production, not 'staging'"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "must be http/protobuf, not 'grpc'"),
        ("VAPI_BASE_URL", "api.vapi.ai", "must be a URL that starts with http or https"),
        ("VAPI_BASE_URL", "http://127.0.0.1:notaport", "must be a URL"),
        ("VAPI_BASE_URL", "http://127.0.0.1:99999", "must be a URL"),
        ("VAPI_BASE_URL", "http://[::1", "must be a URL"),
        ("VAPI_BASE_URL", "http://exa mple", "must be a URL"),
        ("VAPI_BASE_URL", "http:///path", "must be a URL"),
        ("DATABASE_URL", "postgres://u:p@127.0.0.1:badport/db", "must be a URL"),
        ("REDIS_URL", "http://redis", "must be a URL that starts with redis or rediss"),
        ("REDIS_URL", "redis+sentinel://one:26379,two:bad/ava", "must be a URL"),
    ],
)
def test_a_wrong_value_ends_in_a_sentence_that_names_the_variable(
    name: str, raw: str, sentence: str
) -> None:
    with pytest.raises(env.EnvironmentInvalid) as refused:
        env.read({name: raw})
    assert str(refused.value).startswith(f"{name} {sentence}")


@pytest.mark.parametrize(
    "raw",
    [
        "*",
        "null",
        "app.example.com",
        "https://",
        "https://app.example.com/",
        "https://app.example.com/page",
        "https://app.example.com?",
        "https://*.example.com",
        "https://App.example.com",
        "https://bücher.example",
        "https://ada:hunter2@app.example.com",
        "https://app.example.com:443",
        "http://app.example.com:0",
        "http://app.example.com:80000",
        "http://app.example.com:",
        "https://app.example.com https://other.example.com",
        "https://good.example.com,https://bad.example.com/",
        "http://[::1",
    ],
)
def test_what_no_browser_sends_as_origin_is_refused(raw: str) -> None:
    with pytest.raises(env.EnvironmentInvalid) as refused:
        env.read({"AVA_CORS_ORIGINS": raw})
    assert str(refused.value).startswith("AVA_CORS_ORIGINS must be origins as browsers send them")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "tail",
    ["/api", "/admin/", "/static/ava", "?a=1", "#top", "/a%20b", "/a b", "/a//b", "/ä", "/.."],
)
def test_a_public_address_that_cannot_be_told_from_avas_own_is_refused(tail: str) -> None:
    with pytest.raises(env.EnvironmentInvalid, match="AVA_PUBLIC_URL must be"):
        env.read({"AVA_PUBLIC_URL": f"https://example.com{tail}"})


@pytest.mark.parametrize("tail", ["", "/ava", "/tools/ava-2", "/ava/api"])
def test_a_public_address_may_have_a_path(tail: str) -> None:
    url = f"https://example.com{tail}"
    assert env.read({"AVA_PUBLIC_URL": f"{url}/"})["AVA_PUBLIC_URL"] == url


def test_origins_are_read_with_blanks_between_them() -> None:
    raw = "https://app.example.com, http://localhost:5173 ,http://[::1]:3000,capacitor://localhost,"
    read = env.read({"AVA_CORS_ORIGINS": raw})["AVA_CORS_ORIGINS"]
    assert read == raw.replace(" ", "").strip(",").split(",")


def test_a_password_in_a_wrong_address_is_not_shown() -> None:
    with pytest.raises(env.EnvironmentInvalid) as refused:
        env.read({"DATABASE_URL": "postgress://ava:hunter2@db/ava"})
    assert "hunter2" not in str(refused.value)


def test_all_wrong_values_are_reported_at_once() -> None:
    with pytest.raises(env.EnvironmentInvalid) as refused:
        env.read({"AVA_PORT": "x", "AVA_ENV": "y"})
    assert len(str(refused.value).splitlines()) == 2


def test_a_trailing_slash_of_an_address_is_dropped() -> None:
    assert env.read({"VAPI_BASE_URL": "http://mock/"})["VAPI_BASE_URL"] == "http://mock"


def test_a_misspelt_variable_is_noticed() -> None:
    assert env.unknown({"AVA_TRUSTED_PROXY": "1", "AVA_PORT": "1", "HOME": "/"}) == [
        "AVA_TRUSTED_PROXY"
    ]


def span(variable: env.Variable) -> str:
    if variable.choices:
        return f" ({', '.join(variable.choices)})"
    spans = {"number": f" ({variable.low}-{variable.high})", "switch": " (1 or 0)"}
    return spans.get(variable.kind, "")


def test_the_example_file_documents_every_variable_with_its_bounds_and_default() -> None:
    text = (env.BASE_DIR / ".env.example").read_text()
    documented = re.findall(r"^# ([A-Z].*)\.\n# ([A-Z_]+)=(.*)$", text, re.M)
    assert [name for _, name, _ in documented] == [variable.name for variable in env.VARIABLES]
    for variable, (about, name, default) in zip(env.VARIABLES, documented, strict=True):
        assert about.endswith(span(variable)), name
        assert env.read({name: default})[name] == variable.default, name


def test_the_contracts_variables_are_all_read() -> None:
    known = {variable.name for variable in env.VARIABLES}
    contract = (
        "AVA_HOST AVA_PORT AVA_SANDBOX AVA_SANDBOX_PORT AVA_SANDBOX_SMTP_PORT AVA_DATA_DIR "
        "AVA_DEMO_PASSWORD DATABASE_URL REDIS_URL CELERY_BROKER_URL WEB_CONCURRENCY VAPI_BASE_URL "
        "TWILIO_BASE_URL "
        "RESEND_BASE_URL GOOGLE_BASE_URL MICROSOFT_BASE_URL AVA_API_VAPI_API_KEY "
        "TWILIO_ACCOUNT_SID TWILIO_AUTH_TOKEN RESEND_API_KEY ALLOW_ENV_CREDENTIALS AVA_PUBLIC_URL "
        "AVA_TRUSTED_PROXIES AVA_CORS_ORIGINS AVA_METRICS_TOKEN CIRCUIT_BREAKER_THRESHOLD "
        "CIRCUIT_BREAKER_RECOVERY_TIMEOUT CIRCUIT_BREAKER_SUCCESS_THRESHOLD "
        "CIRCUIT_BREAKER_ENABLED RATE_LIMIT_PER_MINUTE INTEGRATIONS_STUB_MODE VAPI_CACHE_SECONDS"
    )
    assert set(contract.split()) <= known


def test_an_env_file_adds_but_never_overrides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text("AVA_PORT=9000\nAVA_HOST=0.0.0.0\n")
    monkeypatch.setenv("AVA_ENV_FILE", str(file))
    monkeypatch.setenv("AVA_PORT", "9001")
    monkeypatch.setenv("AVA_HOST", "")
    monkeypatch.delenv("AVA_HOST")
    values = env.load()
    monkeypatch.delenv("AVA_HOST")
    assert (values["AVA_PORT"], values["AVA_HOST"]) == (9001, "0.0.0.0")
