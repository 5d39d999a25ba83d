import json
import secrets
import shlex
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import CommandError

from ava.conf import addresses, keyfile
from ava.management import base as commands
from integrations.credentials import services
from integrations.credentials.models import Credential

DEMO = "demo@example.com"
ADMIN = "admin@example.com"

# The keys that the sandbox knows. They open nothing else.
KEYS = {
    "vapi": {"api_key": "vapi-demo-key"},
    "twilio": {
        "account_sid": "AC" + "0" * 32,
        "auth_token": "twilio-demo-token",
        # One of the account's two: a first call needs no `from`.
        "default_from": "+15005550006",
    },
}


class Command(commands.Command):
    help = (
        "Make the demo users demo@example.com and admin@example.com (staff), give the demo user "
        "the sandbox's keys, and print how to try AVA. Works in sandbox mode only. Keys that the "
        "demo user has changed are left as they are."
    )
    not_done = ("not in sandbox mode",)

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SANDBOX:
            raise CommandError("Demo users exist in sandbox mode only: set AVA_SANDBOX=1.")
        password = self.password()
        demo = self.user(DEMO, password, staff=False)
        self.user(ADMIN, password, staff=True)
        for provider, values in KEYS.items():
            if not Credential.objects.filter(user=demo, provider=provider).exists():
                services.save(user=demo, provider=provider, values=values, source="command")
        self.stdout.write(self.guide(password))

    def password(self) -> str:
        """The operator's choice, or a random one, kept so that the next start prints it again."""
        chosen: str | None = settings.ENV["AVA_DEMO_PASSWORD"]
        if chosen:
            return chosen
        path = settings.DATA_DIR / "demo-password"
        if not path.exists():
            keyfile.write_once(path, secrets.token_urlsafe(12))
        return str(path.read_text())

    def user(self, email: str, password: str, *, staff: bool) -> User:
        user, _ = User.objects.get_or_create(
            username=email, defaults={"email": email, "is_staff": staff, "is_superuser": staff}
        )
        if not user.check_password(password):
            user.set_password(password)
            user.save(update_fields=["password"])
        return user

    def guide(self, password: str) -> str:
        url = addresses.local_address(settings.ENV)
        body = json.dumps({"identifier": DEMO, "password": password})
        login = shlex.quote(f"{url}/api/v1/auth/login")
        read = shlex.quote(f"{url}/api/v1/vapi/settings")
        return (
            f"\nAVA, with the providers played by a sandbox\n"
            f"  Console                    {url}/\n"
            f"  API and its documentation  {url}/api/docs\n"
            f"  Admin                      {url}/admin/\n"
            f"  Demo user                  {DEMO}\n"
            f"  Staff user (admin)         {ADMIN}\n"
            f"  Password of both           {password}\n"
            f"\nTry it:\n"
            f"TOKEN=$(curl -s {login} -H 'Content-Type: application/json' \\\n"
            f"  -d {shlex.quote(body)} |\n"
            f'  sed \'s/.*"access_token": *"\\([^"]*\\)".*/\\1/\')\n'
            f'curl -s {read} -H "Authorization: Bearer $TOKEN"\n'
        )
