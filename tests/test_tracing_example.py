"""The example with a collector and Jaeger: names as they are documented, and parts that fit.

No machine of the tests has a collector: what is known of its configuration stands here.
https://opentelemetry.io/docs/collector/configuration/ and the README of each component.
"""

import re
from typing import Any, Final

import jsonschema
import pytest
import yaml

from ava.conf.env import BASE_DIR

DIRECTORY: Final = BASE_DIR / "infrastructure" / "tracing"
DURATION: Final = {"type": "string", "pattern": "^[0-9]+(ms|s|m)$"}
ADDRESS: Final = {"type": "string", "pattern": "^[a-z0-9.-]+:[0-9]+$"}


def known(required: str = "", **properties: Any) -> dict[str, Any]:
    """An object with these fields and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def policy(kind: str, **fields: Any) -> dict[str, Any]:
    """A policy of tail_sampling: its fields stand under the name of its type."""
    named = {"name": {"type": "string"}, "type": {"const": kind}}
    return known(f"name type {kind}", **named, **{kind: known(" ".join(fields), **fields)})


STATUSES: Final = {"type": "array", "items": {"enum": ["ERROR", "OK", "UNSET"]}, "minItems": 1}
POLICIES: Final = (
    policy("status_code", status_codes=STATUSES),
    policy("latency", threshold_ms={"type": "integer", "minimum": 1}),
    policy("probabilistic", sampling_percentage={"type": "number", "maximum": 100}),
)
PIPELINE: Final = known(
    "receivers processors exporters",
    receivers={"type": "array", "minItems": 1},
    processors={"type": "array"},
    exporters={"type": "array", "minItems": 1},
)
SCHEMA: Final = known(
    "receivers exporters service",
    receivers=known(otlp=known(protocols=known(http=known(endpoint=ADDRESS)))),
    processors=known(
        memory_limiter=known(
            "check_interval limit_mib", check_interval=DURATION, limit_mib={"type": "integer"}
        ),
        tail_sampling=known(
            "policies",
            decision_wait=DURATION,
            policies={"type": "array", "items": {"oneOf": [*POLICIES]}, "minItems": 1},
        ),
        batch=known(),
    ),
    exporters={
        "type": "object",
        "patternProperties": {
            "^otlp(/[a-z]+)?$": known(
                "endpoint", endpoint=ADDRESS, tls=known(insecure={"type": "boolean"})
            )
        },
        "additionalProperties": False,
    },
    service=known("pipelines", pipelines=known("traces", traces=PIPELINE)),
)
JAEGER_TAKES: Final = 4317
"""Port of OTLP over gRPC in Jaeger's image."""


def load(name: str) -> Any:
    return yaml.safe_load((DIRECTORY / name).read_text())


@pytest.fixture
def collector() -> Any:
    return load("collector.yml")


@pytest.fixture
def services() -> Any:
    return load("compose.yml")["services"]


def test_the_collector_knows_every_name_in_its_configuration(collector: Any) -> None:
    jsonschema.validate(collector, SCHEMA)


def test_a_name_that_is_misspelt_would_be_found(collector: Any) -> None:
    collector["processors"]["tail_sampling"]["policies"][1]["latency"] = {"threshold": 1000}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(collector, SCHEMA)


@pytest.mark.parametrize("kind", ["receivers", "processors", "exporters"])
def test_what_is_configured_is_what_the_pipeline_uses(collector: Any, kind: str) -> None:
    assert {*collector[kind]} == {*collector["service"]["pipelines"]["traces"][kind]}


def test_memory_is_limited_first_and_batches_are_made_last(collector: Any) -> None:
    first, *_, last = collector["service"]["pipelines"]["traces"]["processors"]
    assert (first, last) == ("memory_limiter", "batch")


def test_spans_find_their_way_from_ava_to_jaeger(collector: Any, services: Any) -> None:
    said = (DIRECTORY / "compose.yml").read_text()
    [advised] = re.findall(r"OTEL_EXPORTER_OTLP_ENDPOINT=http://(127\.0\.0\.1:[0-9]+) ", said)
    host, _, port = collector["receivers"]["otlp"]["protocols"]["http"]["endpoint"].partition(":")
    assert host == "0.0.0.0"  # of the container
    assert services["collector"]["ports"] == [f"{advised}:{port}"]
    [exporter] = collector["exporters"].values()
    name, _, port = exporter["endpoint"].partition(":")
    assert name in services
    assert name in services["collector"]["depends_on"]
    assert int(port) == JAEGER_TAKES


def test_the_collector_reads_the_file_that_lies_beside(services: Any) -> None:
    [mounted] = services["collector"]["volumes"]
    here, there, how = mounted.split(":")
    assert (DIRECTORY / here).is_file()
    assert how == "ro"
    assert services["collector"]["command"] == [f"--config={there}"]
    # The core image has no tail_sampling.
    assert "-contrib:" in services["collector"]["image"]


def test_images_are_pinned_and_nothing_listens_to_others(services: Any) -> None:
    for one in services.values():
        assert re.search(r":[0-9]+\.[0-9]+\.[0-9]+$", one["image"])
        assert all(port.startswith("127.0.0.1:") for port in one["ports"])
