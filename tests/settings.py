"""AVA's settings in the environment of the tests; pytest and mypy start from here."""

# isort: off
import tests.environment  # noqa: F401 - before the settings: they read the environment once
from ava.settings import *  # noqa: F403
from ava.settings import DATABASES, REST_FRAMEWORK, STORAGES
# isort: on

# No test loses power. (PostgreSQL has no such option.)
if "init_command" in DATABASES["default"]["OPTIONS"]:
    DATABASES["default"]["OPTIONS"] = {
        **DATABASES["default"]["OPTIONS"],
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
    }

# Pages need no collected, hashed files here.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}

PASSWORD_HASHERS = ["tests.hashers.QuickArgon2"]

REST_FRAMEWORK["TEST_REQUEST_DEFAULT_FORMAT"] = "json"
