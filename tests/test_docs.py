"""docs/INTEGRATIONS.md says what is true, and all of it."""

import re
from pkgutil import resolve_name

import pytest
from django.core.management import get_commands
from django.test import Client
from prometheus_client import REGISTRY

import ava.urls  # noqa: F401 - brings in every problem there is
from ava.conf.env import BASE_DIR
from ava.http.problems import Problem

DOCS = BASE_DIR / "docs"
APPS = ("ava", "integrations", "vapi_settings", "telephony")
FOLDERS = (*APPS, "sandbox", "infrastructure", "tests", "benchmarks", "script")
TEXT = (DOCS / "INTEGRATIONS.md").read_text()
OPERATIONS = (DOCS / "OPERATIONS.md").read_text()
ARCHITECTURE = (BASE_DIR / "docs" / "ARCHITECTURE.md").read_text()


def problems(kind: type[Problem] = Problem) -> list[type[Problem]]:
    return [kind, *(found for child in kind.__subclasses__() for found in problems(child))]


def test_every_code_is_listed_with_its_status() -> None:
    listed = dict(re.findall(r"^\| `([a-z_]+)` \| (\d{3}) \|", TEXT, re.M))
    raised = {kind.code: str(int(kind.status)) for kind in problems() if "code" in vars(kind)}
    assert listed == raised


def test_the_codes_stand_in_the_order_of_their_statuses() -> None:
    statuses = re.findall(r"^\| `[a-z_]+` \| (\d{3}) \|", TEXT, re.M)
    assert statuses == sorted(statuses)


def test_every_endpoint_is_listed(client: Client) -> None:
    paths = client.get("/api/schema", headers={"Accept": "application/json"}).json()["paths"]
    # One row stands for the four providers whose keys are typed in.
    one_of_four = re.compile(r"/integrations/(vapi|twilio|resend|smtp)/")
    served = {
        f"{method.upper()} {one_of_four.sub('/integrations/{provider}/', path[len('/api/v1') :])}"
        for path, operations in paths.items()
        for method in operations
        if method in ("get", "put", "post", "patch", "delete")
    }
    listed = set(re.findall(r"^\| `((?:GET|PUT|POST|PATCH|DELETE) /\S+)` \|", TEXT, re.M))
    assert listed == served


def metrics_listed() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Type and labels of each metric, as listed."""
    rows = re.findall(r"^\| `(\w+)` \| (counter|gauge|histogram) \| ([^|]*)\|", OPERATIONS, re.M)
    return {name: (kind, tuple(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def metrics_emitted() -> dict[str, tuple[str, set[str] | None]]:
    """Type and labels of each metric; no labels are known of one without a series."""
    found = {}
    for family in REGISTRY.collect():
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        found[name] = (family.type, labels if family.samples else None)
    return found


def test_every_metric_of_ava_is_listed_with_its_type_and_labels(client: Client) -> None:
    client.get("/healthz")
    listed, emitted = metrics_listed(), metrics_emitted()
    assert {name for name in emitted if name.startswith(("ava_", "circuit_breaker_"))} <= set(
        listed
    )
    for name, (kind, labels) in listed.items():
        assert emitted[name][0] == kind, name
        assert emitted[name][1] in (set(labels), None), name


@pytest.mark.parametrize(
    "sentence",
    [
        "Too many requests to {Provider}. Please try again in a moment.",
        "Invalid {Provider} API key. Please update your credentials in Settings.",
        "Connection to {Provider} failed. Please try again later.",
        "{Provider} is temporarily unavailable. Please try again in {n}s.",
        "{Provider} is busy. Please try again in a moment.",
        "Too many requests. Please try again in {n}s.",
        "{Provider} credentials not configured. Add them in Settings.",
        "Stub integrations are disabled in production. "
        "Please configure a real email provider in Settings.",
        "Stub integrations are disabled in production. "
        "Please complete OAuth setup for calendar access.",
        "Something went wrong on our side. Quote the correlation ID when you report it.",
    ],
)
def test_the_contracts_sentences_are_documented(sentence: str) -> None:
    assert sentence in TEXT


@pytest.mark.parametrize("path", ["README.md", *sorted(p.name for p in DOCS.glob("*.md"))])
def test_the_commands_that_are_named_exist(path: str) -> None:
    text = (BASE_DIR / path if path == "README.md" else DOCS / path).read_text()
    named = set(re.findall(r"manage\.py ([a-z_]+)", text))
    assert named <= set(get_commands())


def test_every_decision_is_linked() -> None:
    for record in (BASE_DIR / "docs" / "adr").glob("*.md"):
        assert f"adr/{record.name}" in ARCHITECTURE + TEXT, record.name


def drawn(pattern: str) -> set[str]:
    """The modules and packages named where the pattern finds it in ARCHITECTURE.md."""
    return {
        name
        for part in re.findall(pattern, ARCHITECTURE, re.M)
        for name in re.findall(r"\b(\w+)(?:\.py|/)", part)
    }


@pytest.mark.parametrize("app", APPS)
def test_every_module_of_an_app_is_listed(app: str) -> None:
    files = [*(BASE_DIR / app).glob("*.py"), *(BASE_DIR / app).glob("*/__init__.py")]
    modules = {file.parent.name if file.name == "__init__.py" else file.stem for file in files}
    in_every_app = drawn(r"^\| (`\w+(?:\.py`|/).*) \|") | {"conftest", app}
    shown = drawn(rf"^{app}/.*\n((?:  .*\n)+)")
    assert modules - in_every_app - shown == set()
    assert shown - modules == set()


def test_architecture_draws_and_lists_everything_once() -> None:
    drawing, _, tables = ARCHITECTURE.partition("| file | holds |")
    rows = re.findall(r"^(?:  )?(\w+(?:/|\.py)) ", drawing, re.M)
    rows.remove("calls/")  # there are Vapi's and Twilio's
    rows.remove("intents/")  # with a key of the provider's, and without
    rows += re.findall(r"^\| ([^|]{9,}) \|", tables, re.M)
    assert sorted(rows) == sorted(set(rows))


def test_every_file_is_of_a_kind_that_every_app_has_or_is_drawn() -> None:
    known = set(re.findall(r"\w+", ARCHITECTURE)) | {"__init__", "conftest", "base"}
    unknown = [
        str(file.relative_to(BASE_DIR))
        for app in APPS
        for file in (BASE_DIR / app).rglob("*.py")
        if not {"tests", "migrations", "commands"} & set(file.parts) and file.stem not in known
    ]
    assert unknown == []


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "infrastructure/grafana/README.md",
        *(f"docs/{path.name}" for path in sorted(DOCS.glob("*.md"))),
    ],
)
def test_links_between_files_lead_somewhere(path: str) -> None:
    file = BASE_DIR / path
    for target in re.findall(r"\]\((?!http)([^)#]+)[^)]*\)", file.read_text()):
        assert (file.parent / target).exists(), target


def pages() -> list[str]:
    """Markdown files that speak of the present; a superseded record names what was there."""
    found = [*BASE_DIR.glob("*.md"), *DOCS.rglob("*.md"), BASE_DIR / "sandbox" / "README.md"]
    found.append(BASE_DIR / "infrastructure" / "grafana" / "README.md")
    found.remove(BASE_DIR / "CHANGELOG.md")
    superseded = re.compile(r"^Status:.*(?:\n.+)*superseded", re.M)
    return sorted(
        str(page.relative_to(BASE_DIR)) for page in found if not superseded.search(page.read_text())
    )


@pytest.fixture(scope="module")
def names() -> set[str]:
    below = (file.name for folder in FOLDERS for file in (BASE_DIR / folder).rglob("*"))
    return {*below, *(file.name for file in BASE_DIR.iterdir())}


@pytest.mark.parametrize("page", pages())
def test_the_files_folders_and_tests_that_are_named_exist(page: str, names: set[str]) -> None:
    text = (BASE_DIR / page).read_text().replace("`var/`", "")
    for path, name in re.findall(r"`([\w./-]+\.(?:py|md|toml|csv)|(?:\w+/)+)(?:::(\w+))?`", text):
        files = [BASE_DIR / path, (BASE_DIR / page).parent / path]
        file = next((file for file in files if file.exists()), None)
        assert file or path.rstrip("/") in names, path
        assert not name or (file and f"def {name}(" in file.read_text()), f"{path}::{name}"


@pytest.mark.parametrize("page", pages())
def test_the_modules_and_functions_that_are_named_exist(page: str) -> None:
    dotted = re.findall(
        rf"`((?:{'|'.join(APPS)})(?:\.[A-Za-z]\w+)+)`", (BASE_DIR / page).read_text()
    )
    for name in dotted:
        if not re.search(r"\.(?:[EW]\d+|py|com)$", name):
            resolve_name(name)
