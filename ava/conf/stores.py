"""Store URLs: what Django makes of the database's, and which ones no server could make right: those
are refused before a server is asked.

Sentences name options and files, never a password.
"""

import inspect
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

_VERIFY = {
    "none": ssl.CERT_NONE,
    "optional": ssl.CERT_OPTIONAL,
    "required": ssl.CERT_REQUIRED,
}
_BROKER_TLS = ("ssl_cert_reqs", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
# Options of Django's PostgreSQL backend, which libpq does not know.
_DJANGO = ("assume_role", "isolation_level", "pool")


SQLITE_OPTIONS: dict[str, Any] = {
    # Writers wait for the lock before they begin (IMMEDIATE), for 20 s at most; readers never wait
    # (WAL). What is committed outlives a loss of power (FULL): a call that was placed, a webhook.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
}


def for_django(url: str | None, data_dir: Path) -> dict[str, Any]:
    """The database as Django's settings describe it; without a URL, SQLite's in that directory."""
    import environ

    sqlite = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(data_dir / "ava.sqlite3")}
    config: dict[str, Any] = dict(environ.Env.db_url_config(url)) if url else sqlite
    config |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
    if "sqlite3" in config["ENGINE"]:
        # In memory, threads of a test would meet table locks that no file has.
        test = {"NAME": str(data_dir / "tests.sqlite3")}
        return config | {"OPTIONS": SQLITE_OPTIONS, "TEST": test}
    # Behind a pooler each transaction may have another session: none is given options or cursors
    # to keep. Statements are bound here, as `ava.inbound.door` sends two in one message.
    config["DISABLE_SERVER_SIDE_CURSORS"] = True
    return config | {"OPTIONS": {"connect_timeout": 5} | config.get("OPTIONS", {})}


def faults(values: Mapping[str, Any]) -> list[str]:
    """Faults of the store URLs, a sentence each."""
    checks = {"DATABASE_URL": database, "REDIS_URL": redis, "CELERY_BROKER_URL": broker}
    return [found for name, check in checks.items() if (found := _fault(name, values[name], check))]


def _fault(name: str, url: str | None, check: Callable[[str], object]) -> str | None:
    try:
        if url:
            check(url)
    except ValueError as fault:
        return f"{name} {fault}"
    return None


def redis(url: str) -> None:
    """Check a Redis URL, as `ava.redis.client.connect` takes it. Raises: ValueError."""
    from redis.exceptions import RedisError

    from ava.redis.client import connect

    path = urlsplit(url).path.strip("/")
    is_service = "+sentinel" in url.partition("://")[0]
    _number_of_database(path.partition("/")[2] if is_service else path)
    try:
        pool = connect(url).connection_pool
        pool.connection_class(**pool.connection_kwargs)
    except (TypeError, ValueError, RedisError) as fault:
        raise ValueError(f"has an option that redis-py does not take: {fault}") from None
    options = dict(parse_qsl(urlsplit(url).query))
    _tls(options, "ssl_ca_certs", "ssl_certfile", "ssl_keyfile", options.get("ssl_password", ""))


def broker(url: str) -> tuple[str, dict[str, Any] | None]:
    """Celery's broker without TLS options, and its verified TLS, if it has one. Raises: ValueError.

    `ssl_ca_certs` names an own authority, `ssl_certfile` and `ssl_keyfile` a certificate of AVA's.
    """
    from kombu import Connection

    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    tls: dict[str, Any] = {name: options.pop(name) for name in _BROKER_TLS if name in options}
    taken = [name for name in inspect.signature(Connection).parameters if name != "ssl"]
    is_tls = parts.scheme in ("rediss", "amqps")
    for name in (*options, *([] if is_tls else tls)):
        if name not in taken:
            also = f"; with TLS it takes {', '.join(_BROKER_TLS)}" if "ssl" in name else ""
            raise ValueError(f"has an option that Celery's broker does not take: {name}{also}.")
    if parts.scheme.startswith("redis"):
        _number_of_database(parts.path.strip("/"))
    if not is_tls:
        return url, None
    asked = tls.get("ssl_cert_reqs", "required").lower().removeprefix("cert_")
    if asked not in _VERIFY:
        raise ValueError(f"has an ssl_cert_reqs that is none of {', '.join(_VERIFY)}.")
    _tls(tls, "ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
    tls["ssl_cert_reqs"] = _VERIFY[asked]
    rest = [part for part in parts.query.split("&") if part.partition("=")[0] not in _BROKER_TLS]
    plain = urlunsplit(parts._replace(query="&".join(rest)))
    if parts.scheme == "rediss":
        return plain, {**tls, "ssl_check_hostname": asked == "required"}
    named = parts.hostname if asked == "required" else None
    return plain, {
        **{name.removeprefix("ssl_"): value for name, value in tls.items()},
        # kombu would ask for 127.0.0.1 in place of localhost, and for no name by default.
        **({"server_hostname": named} if named else {}),
    }


def database(url: str) -> None:
    """Check a database URL. Raises: ValueError."""
    import environ

    config = environ.Env.db_url_config(url)
    if urlsplit(url).scheme == "sqlite":
        return
    if not config["NAME"]:
        raise ValueError("names no database: put it behind the host, as in postgres://host/ava.")
    options = config.get("OPTIONS", {})
    _libpq({name: value for name, value in options.items() if name not in _DJANGO})
    authority = {} if options.get("sslrootcert") != "system" else {"sslrootcert": ""}
    _tls(options | authority, "sslrootcert", "sslcert", "sslkey", options.get("sslpassword", ""))


def _libpq(options: dict[str, Any]) -> None:
    """Let libpq judge the options, with a server that cannot be."""
    from psycopg import ProgrammingError, conninfo, pq

    nowhere = {"host": "/nonexistent", "hostaddr": None, "service": None}
    try:
        text = conninfo.make_conninfo(**(options | nowhere))
    except ProgrammingError as fault:
        raise ValueError(f"has an option that PostgreSQL's client does not take: {fault}") from None
    connection = pq.PGconn.connect_start(text.encode())
    said = connection.error_message.decode(errors="replace").strip()
    connection.finish()
    if not said.startswith("connection to server"):
        raise ValueError(f"has an option that PostgreSQL's client does not take: {said}")


def _number_of_database(path: str) -> None:
    if path and not (path.isascii() and path.isdigit()):
        raise ValueError("has a path that is not the number of a database, such as /0.")


def _tls(
    options: Mapping[str, Any], authority: str, certificate: str, key: str, password: str = ""
) -> None:
    """Load the files as a connection will. Raises: ValueError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    name = authority
    try:
        if options.get(authority):
            context.load_verify_locations(options[authority])
        name = certificate
        if options.get(certificate):
            keyfile = options.get(key) or None
            # Without a password OpenSSL would ask at the terminal.
            context.load_cert_chain(options[certificate], keyfile, lambda: str(password))
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "strerror", None) or type(fault).__name__
        path = unquote(str(options[name]))
        raise ValueError(f"has {name}={path}, which cannot be used: {reason.lower()}.") from None
