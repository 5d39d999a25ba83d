"""Command `python -m sandbox`: plays the providers until a signal stops it."""

import argparse
import errno
import os
import re
import signal
import sys
import threading

from sandbox import smtp
from sandbox.server import Sandbox

SMTP_PORT = 8025
ABOUT = (
    "Plays Vapi, Twilio, Resend, Google and Microsoft on one port, and a mail server on another, "
    "so that an app can be tried without accounts, calls or costs."
)
MORE = """\
Point an app at http://HOST:PORT/vapi, /twilio, /resend, /google or /microsoft instead of the real
API, with the keys
  Vapi    vapi-demo-key
  Twilio  AC00000000000000000000000000000000 / twilio-demo-token
  Resend  re_demo
  Google, Microsoft (OAuth client)  ava-sandbox / ava-sandbox-secret
Send mails by SMTP with STARTTLS as demo / smtp-demo.
Set the behaviour of phones and faults, and read what happened, under /_sandbox;
sandbox/README.md shows how.
Everything is in memory.
"""


def _named_port(variable: str) -> str | None:
    """Kubernetes sets AVA_SANDBOX_PORT=tcp://... beside a Service `ava-sandbox`: that is none."""
    named = os.environ.get(variable, "").strip()
    return None if re.match(r"(tcp|udp|sctp)://", named) else named or None


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
        default=_named_port("AVA_SANDBOX_PORT") or "8001",
        help="port to listen on, 0 for a free one (default: AVA_SANDBOX_PORT, else 8001)",
    )
    parser.add_argument(
        "--smtp-port",
        type=_port,
        default=_named_port("AVA_SANDBOX_SMTP_PORT"),
        help="port of the mail server, 0 for a free one "
        "(default: AVA_SANDBOX_SMTP_PORT, else 8025 if it is free)",
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
            _busy(options.host, options.port, error, "--port or AVA_SANDBOX_PORT"), file=sys.stderr
        )
        return 1
    no_mail = _open_smtp(sandbox, options.host, options.smtp_port)
    if no_mail and options.smtp_port is not None:
        print(no_mail, file=sys.stderr)
        return 1
    with sandbox:
        print(f"The providers' sandbox is ready at {sandbox.url}", flush=True)
        if no_mail:
            print(f"It takes no mails by SMTP. {no_mail}", file=sys.stderr, flush=True)
        else:
            print(
                f"It takes mails by SMTP on {options.host} port {sandbox.smtp_port}: "
                f"STARTTLS, {smtp.USER} / {smtp.PASSWORD}",
                flush=True,
            )
        if options.follow:
            threading.Thread(target=_end_with_standard_input, daemon=True).start()
        signal.sigwait(ends)
    return 0


def _end_with_standard_input() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _open_smtp(sandbox: Sandbox, host: str, named: int | None) -> str:
    """Open the mail server's port. Returns: what hinders it, a sentence; empty if nothing does."""
    port = SMTP_PORT if named is None else named
    try:
        sandbox.open_smtp(port)
    except OSError as error:
        return _busy(host, port, error, "--smtp-port or AVA_SANDBOX_SMTP_PORT")
    except ModuleNotFoundError as error:
        return f"The package {error.name} is not installed: script/sandbox does that."
    return ""


def _busy(host: str, port: int, error: OSError, settings: str) -> str:
    remedy = "Choose an address of this machine with --host and a free port with " + settings
    if error.errno == errno.EADDRINUSE:
        remedy = "Stop the program that holds the port, or choose another one with " + settings
    reason = (error.strerror or str(error)).partition(" (while")[0]  # socket.create_server's
    return f"The sandbox cannot listen on {host} port {port}: {reason}. {remedy}."


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) < 65536:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no port; a port is a number from 0 to 65535")


if __name__ == "__main__":
    raise SystemExit(main())
