"""Command `python -m sandbox`: plays the providers until a signal stops it."""

import argparse
import errno
import os
import re
import signal
import sys
import threading

from sandbox.server import Sandbox

ABOUT = (
    "Plays Vapi, Twilio, Resend, Google and Microsoft on one port, "
    "so that an app can be tried without accounts, calls or costs."
)
MORE = """\
Point an app at http://HOST:PORT/vapi, /twilio, /resend, /google or /microsoft instead of the real
API, with the keys
  Vapi    vapi-demo-key
  Twilio  AC00000000000000000000000000000000 / twilio-demo-token
  Resend  re_demo
  Google, Microsoft (OAuth client)  ava-sandbox / ava-sandbox-secret
Set the behaviour of phones and faults, and read what happened, under /_sandbox;
sandbox/README.md shows how.
Everything is in memory.
"""


def _default_port(named: str) -> str:
    """Kubernetes sets AVA_SANDBOX_PORT=tcp://... beside a Service `ava-sandbox`: that is none."""
    is_of_a_platform = re.match(r"(tcp|udp|sctp)://", named)
    return "8001" if is_of_a_platform or not named.strip() else named.strip()


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT. Returns the exit code: 1 when the address cannot be used."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description=ABOUT,
        epilog=MORE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: %(default)s)"
    )
    parser.add_argument(
        "--port",
        type=_port,
        default=_default_port(os.environ.get("AVA_SANDBOX_PORT", "")),
        help="port to listen on, 0 for a free one (default: AVA_SANDBOX_PORT, else 8001)",
    )
    parser.add_argument(
        "--follow",
        action="store_true",
        help="end with the program that holds the other side of standard input",
    )
    options = parser.parse_args(arguments)
    # Held back until waited for: a handler that sets an Event may come while its lock is taken.
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    try:
        sandbox = Sandbox(options.host, options.port)
    except OSError as error:
        print(
            f"The sandbox cannot listen on {options.host} port {options.port}: "
            f"{error.strerror or error}. {_remedy(error)}",
            file=sys.stderr,
        )
        return 1
    with sandbox:
        print(f"The providers' sandbox is ready at {sandbox.url}", flush=True)
        if options.follow:
            threading.Thread(target=_end_with_standard_input, daemon=True).start()
        signal.sigwait(ends)
    return 0


def _end_with_standard_input() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _remedy(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            "Stop the program that holds the port, "
            "or choose another one with --port or AVA_SANDBOX_PORT."
        )
    return "Choose an address of this machine with --host and a free port with --port."


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) < 65536:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no port; a port is a number from 0 to 65535")


if __name__ == "__main__":
    raise SystemExit(main())
