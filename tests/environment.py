"""The environment of the tests: fixed, apart from the developer's own, with throw-away keys.

Imported by `tests.settings` before AVA's own settings are read.
"""

import atexit
import base64
import os
import shutil
import tempfile
from pathlib import Path

from ava.conf.env import VARIABLES
from tests import prepared

_data_dir = tempfile.mkdtemp(prefix="ava-tests-")
atexit.register(shutil.rmtree, _data_dir, ignore_errors=True)

for variable in VARIABLES:
    if variable.name != "DATABASE_URL":
        os.environ.pop(variable.name, None)

os.environ.update(
    AVA_ENV_FILE=os.devnull,
    AVA_DATA_DIR=_data_dir,
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
(Path(_data_dir) / "static").mkdir()

# Before pytest-xdist starts its processes, which share it.
prepared.shared_dir()
