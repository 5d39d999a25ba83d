"""The environment of the tests: fixed, apart from the developer's own, with throw-away keys.

Loaded by pytest before Django's settings are read (see pytest.ini).
"""

import base64
import os
import tempfile
from pathlib import Path

from ava.env import VARIABLES

for variable in VARIABLES:
    if variable.name != "DATABASE_URL":
        os.environ.pop(variable.name, None)

os.environ.update(
    AVA_ENV_FILE=os.devnull,
    AVA_DATA_DIR=tempfile.mkdtemp(prefix="ava-tests-"),
    SECRET_KEY="tests-" + "s" * 60,
    AVA_JWT_KEY="tests-" + "j" * 60,
    AVA_KEYS="k1:" + base64.b64encode(b"1" * 32).decode(),
    # No test reaches a provider: nothing listens on the discard port.
    VAPI_BASE_URL="http://127.0.0.1:9/vapi",
    TWILIO_BASE_URL="http://127.0.0.1:9/twilio",
    RESEND_BASE_URL="http://127.0.0.1:9/resend",
    GOOGLE_BASE_URL="http://127.0.0.1:9/google",
    MICROSOFT_BASE_URL="http://127.0.0.1:9/microsoft",
)
(Path(os.environ["AVA_DATA_DIR"]) / "static").mkdir()
