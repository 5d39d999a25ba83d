"""Doctor's checks of variables and keys: Django's system checks, sealed rows, client secrets."""

from collections import Counter
from collections.abc import Iterator

from django.conf import settings
from django.core.checks import run_checks

from ava.sealing.fields import Sealed
from ava.sealing.keys import KeyMissing, KeyRingInvalid, Unsealable, key_ring
from ava.sealing.rotation import sealed_fields
from integrations.calendar.models import Connection
from integrations.calendar.providers import NAMES
from integrations.doctor.findings import Finding, Look, attention, good
from integrations.doctor.words import joined, several

# Said by `sealed_rows`, which opens the rows.
_ELSEWHERE = {"ava.W002"}
# Opened at most, of each column.
MOST_OPENED = 1000
NOTICE_DAYS = 21


def variables(look: Look) -> Iterator[Finding]:
    messages = run_checks(
        include_deployment_checks=settings.PRODUCTION, databases=list(settings.DATABASES)
    )
    said = [one for one in messages if one.id not in _ELSEWHERE and not one.is_silenced()]
    for message in said:
        yield attention("configuration", f"{message.msg} {message.hint or ''} ({message.id})")
    if not said:
        mode = "production" if settings.PRODUCTION else "development"
        yield good("configuration", f"Variables and files are in order for {mode}.")


def stubs(look: Look) -> Iterator[Finding]:
    if settings.SANDBOX:
        yield good("providers' mode", "The sandbox plays the providers: AVA_SANDBOX=1.")
    elif settings.FLAGS["INTEGRATIONS_STUB_MODE"]:
        yield good(
            "providers' mode",
            "Stubs answer where nothing is configured; AVA_ENV=production turns them off.",
        )
    else:
        yield good("providers' mode", "Real providers, no stubs.")


def sealed_rows(look: Look) -> Iterator[Finding]:
    item = "encryption keys"
    try:
        ring = key_ring()
    except KeyRingInvalid as fault:
        yield attention(item, f"{fault} Put AVA_KEYS, or the key file, back from your backup.")
        return
    by_key: Counter[str] = Counter()
    missing: Counter[str] = Counter()
    broken: list[str] = []
    for column in sealed_fields():
        rows = column.model._base_manager.exclude(**{f"{column.name}__isnull": True})
        for row in rows.order_by("-pk")[:MOST_OPENED]:
            sealed: Sealed = getattr(row, column.attname)
            try:
                sealed.open()
                by_key[str(sealed.key_id)] += 1
            except KeyMissing:
                missing[str(sealed.key_id)] += 1
            except Unsealable:
                broken.append(f"{column.model._meta.label} {row.pk}")
    for key_id, count in missing.items():
        yield attention(
            item,
            f"{several(count, 'row is', 'rows are')} sealed by the key {key_id}, which is not in "
            "AVA_KEYS. Put it back behind the primary one, or let the owners enter their keys "
            "again.",
        )
    if broken:
        yield attention(
            item,
            f"{several(len(broken), 'row does', 'rows do')} not open although the key's name is "
            f"known: {joined(broken)}. AVA_KEYS holds another key under that name: put the one "
            "back that belongs to this database. If it is, the rows were changed.",
        )
    for key_id in ring.key_ids[1:]:
        if by_key[key_id]:
            rest = several(by_key[key_id], "row is", "rows are")
            yield attention(
                item, f"{rest} sealed by the old key {key_id}. Run: manage.py rotate_keys"
            )
        else:
            yield good(
                item, f"The old key {key_id} seals nothing here: keep it with older backups only."
            )
    if not missing and not broken:
        opened = several(by_key.total(), "sealed row opens", "sealed rows open")
        yield good(item, f"{opened}; new ones are sealed by {ring.primary}.")


def client_secrets(look: Look) -> Iterator[Finding]:
    for provider, (client_id, secret) in settings.OAUTH_APPS.items():
        item, name = f"OAuth app of {NAMES[provider]}", provider.upper()
        expires = settings.CLIENT_SECRET_EXPIRES.get(provider)
        if bool(client_id) != bool(secret):
            absent = f"{name}_CLIENT_{'SECRET' if client_id else 'ID'}"
            yield attention(item, f"Half of it is set. Set {absent}, too.")
        elif not client_id:
            yield good(item, f"Not used: {name}_CLIENT_ID is not set.")
        elif expires is None:
            yield good(item, "Configured; no end of its secret is known.")
        elif (left := (expires - look.now.date()).days) < NOTICE_DAYS:
            when = f"expires in {several(left, 'day', 'days')}" if left > 0 else "has expired"
            yield attention(
                item,
                f"Its client secret {when} ({expires}). Make a new one there, set "
                f"{name}_CLIENT_SECRET and {name}_CLIENT_SECRET_EXPIRES, and restart AVA.",
            )
        else:
            yield good(item, f"Its client secret is good until {expires}.")


def connections(look: Look) -> Iterator[Finding]:
    rows = Connection.objects.all()
    lost = rows.filter(state=Connection.State.RECONNECT).select_related("user")[:MOST_OPENED]
    if users := sorted({str(row.user.pk) for row in lost}):
        yield attention(
            "calendar connections",
            f"{several(len(lost), 'has', 'have')} ended; nobody's calendar is read there. Ask "
            f"these users (by ID) to connect again in Settings: {joined(users)}.",
        )
    else:
        count = several(rows.count(), "connection", "connections")
        yield good("calendar connections", f"{count}, none has to be made again.")
