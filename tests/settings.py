"""AVA's settings in the environment of the tests; pytest and mypy start from here."""

# isort: off
import tests.environment  # noqa: F401 - before the settings: they read the environment once
from ava.settings import *  # noqa: F403
from ava.settings import STORAGES
# isort: on

# Pages need no collected, hashed files here.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}

PASSWORD_HASHERS = ["tests.hashers.QuickArgon2"]
