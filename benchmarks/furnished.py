"""User with a full console: the rows that `tests/walls` has of each kind, a page of every list."""

from typing import Any

from sandbox.server import Sandbox

ROWS = 60


def furnish(sandbox: Sandbox) -> tuple[Any, dict[str, str]]:
    """Returns: the user, and IDs by name, as `tests/walls/rooms.py` has them in its addresses."""
    from django.conf import settings
    from django.contrib.auth.models import User

    from integrations.email.models import Mail
    from telephony.models import Call, Message
    from tests import happenings, many
    from tests.walls.conftest import find, tenant
    from tests.walls.tenants import ADAS, EVES, Stage
    from tests.walls.world import build

    for provider in ("vapi", "twilio", "resend", "google", "microsoft"):
        setattr(settings, f"{provider.upper()}_BASE_URL", f"{sandbox.url}/{provider}")
    ada, eve = (User.objects.create_user(name, f"{name}@example.com") for name in ("ada", "eve"))
    world = build(tenant(ada, ADAS), tenant(eve, EVES), Stage(sandbox.url), find)
    sandbox.pause_callbacks()
    many.multiply(Call, ROWS, owner=ada, kind="say")
    many.multiply(Message, ROWS, owner=ada, idempotency=None, direction="outbound")
    _write(ada, Mail.objects.get(owner=ada))
    happenings.fill(0, 5 * ROWS, one=ada, other=eve)
    return ada, world.ids | {"user": str(ada.pk)}


def _write(user: Any, mail: Any) -> None:
    """Mails, suppressions, opt-outs and batches."""
    from integrations.email.models import Mail, Recipient
    from integrations.email.suppressions.models import Suppression
    from telephony.messages.models import Batch
    from telephony.optouts.models import OptOut

    same = {"holder": mail.holder, "backend": mail.backend, "from_email": mail.from_email}
    for number in range(ROWS):
        copy = Mail.objects.create(
            owner=user, **same, subject=f"Your visit, {number}", text="At ten.", status="delivered"
        )
        address = f"person-{number}@example.com"
        Recipient.objects.create(mail=copy, kind="to", address=address, status="delivered")
        Suppression.objects.create(user=user, address=address, reason="user")
        OptOut.objects.create(holder=str(user.pk), person=f"+14155552{number:03}")
        Batch.objects.create(owner=user, from_number="+15005550006", per_minute=60)
