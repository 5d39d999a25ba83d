"""The image: what it holds."""

from tests.deployment import image


def test_the_image_holds_what_ava_runs_with_and_nothing_else() -> None:
    held = image.files()
    tops = {path.partition("/")[0] for path in held}
    folders = {"ava", "integrations", "telephony", "vapi_settings", "static", "templates"}
    assert tops == folders | {"manage.py", "requirements.txt", "LICENSE"}
    assert not [path for path in held if "/tests/" in path]
