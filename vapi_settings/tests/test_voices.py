"""Voice speeds: those of Vapi's own document."""

from sandbox.tests.specs import load
from vapi_settings import catalogue


def test_the_speeds_are_what_vapis_spec_says():
    schemas = load("vapi_openapi.json")["components"]["schemas"]
    bounds = catalogue.STANDARD["voice_speed"].constraints
    speeds, without = {}, set()
    for choice in schemas["UpdateAssistantDTO"]["properties"]["voice"]["oneOf"]:
        fields = schemas[choice["$ref"].rpartition("/")[2]]["properties"]
        for provider in fields["provider"]["enum"]:
            if "speed" not in fields:
                without.add(provider)
                continue
            least = max(bounds["minimum"], fields["speed"].get("minimum", 0))
            most = min(bounds["maximum"], fields["speed"].get("maximum", 9))
            assert 0.5 <= least < most <= 1.2
            if {"minimum": least, "maximum": most} != bounds:
                speeds[provider] = (least, most)
    assert speeds == catalogue.NARROWER_SPEEDS
    assert without == catalogue.WITHOUT_SPEED
