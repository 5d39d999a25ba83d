"""What Vapi tells an app's server about a call, how it proves itself, and what it asks."""

import json
from typing import Any

from sandbox.tests.app import App


def told(app: App, count: int) -> list[dict[str, Any]]:
    return [json.loads(one.body)["message"] for one in app.wait_for("/vapi", count)]
