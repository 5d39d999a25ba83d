"""The address that providers are given."""

import pytest

from ava.conf import env


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, None),
        ({"AVA_SANDBOX": "1"}, "http://127.0.0.1:8000"),
        ({"AVA_SANDBOX": "1", "AVA_HOST": "0.0.0.0", "AVA_PORT": "9"}, "http://127.0.0.1:9"),
        ({"AVA_SANDBOX": "1", "AVA_HOST": "::"}, "http://[::1]:8000"),
        # The sandbox calls nothing beyond this machine.
        ({"AVA_SANDBOX": "1", "AVA_HOST": "192.0.2.1"}, None),
        ({"AVA_SANDBOX": "1", "AVA_ENV": "production"}, None),
        ({"AVA_SANDBOX": "1", "AVA_PUBLIC_URL": "https://a.example/"}, "https://a.example"),
        ({"AVA_PUBLIC_URL": "https://a.example"}, "https://a.example"),
    ],
)
def test_played_providers_reach_ava_without_a_word_and_real_ones_only_at_a_public_address(
    given: dict[str, str], expected: str | None
) -> None:
    assert env.public_url(env.read(given)) == expected
