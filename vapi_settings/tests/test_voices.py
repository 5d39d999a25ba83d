"""The table of voice speeds is Vapi's own."""

from sandbox.tests.specs import load
from vapi_settings import voices


def test_the_table_says_what_vapis_spec_says():
    schemas = load("vapi_openapi.json")["components"]["schemas"]
    speeds, without = {}, set()
    for choice in schemas["UpdateAssistantDTO"]["properties"]["voice"]["oneOf"]:
        fields = schemas[choice["$ref"].rpartition("/")[2]]["properties"]
        for provider in fields["provider"]["enum"]:
            if "speed" in fields:
                speed = fields["speed"]
                speeds[provider] = (speed.get("minimum"), speed.get("maximum"))
            else:
                without.add(provider)
    assert speeds == voices.SPEEDS
    assert without == voices.WITHOUT_SPEED


def test_no_voice_is_narrowed_to_nothing():
    for provider in voices.SPEEDS:
        low, high = voices.narrowed(provider, 0.5, 1.2)
        assert 0.5 <= low < high <= 1.2
