"""IncomingPhoneNumbers: the account's numbers, and where their calls and messages go."""

import copy
import threading

from sandbox.clock import utc_now
from sandbox.phones.http_client import is_url
from sandbox.twilio.errors import RefusedError
from sandbox.twilio.forms import Form, rfc2822, snake_case
from sandbox.twilio.listing import Resource
from sandbox.twilio.seed import NUMBERS
from sandbox.wire import Query

_URLS = ("VoiceUrl", "VoiceFallbackUrl", "SmsUrl", "SmsFallbackUrl", "StatusCallback")
_METHODS = tuple(f"{name.removesuffix('Url')}Method" for name in _URLS)


class Numbers:
    """The account's numbers, as seeded until changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = copy.deepcopy(NUMBERS)

    def list(self, query: Query) -> list[Resource]:
        """All, or those that PhoneNumber or FriendlyName ask for."""
        asked = dict(query)
        with self._lock:
            return [
                dict(number)
                for number in self._numbers
                if asked.get("PhoneNumber", number["phone_number"]) in number["phone_number"]
                and asked.get("FriendlyName", number["friendly_name"]) == number["friendly_name"]
            ]

    def get(self, sid: str) -> Resource | None:
        """One number, by its SID or its digits."""
        with self._lock:
            for number in self._numbers:
                if sid in (number["sid"], number["phone_number"]):
                    return dict(number)
        return None

    def sid(self, phone_number: str) -> str | None:
        """The SID of a number."""
        found = self.get(phone_number)
        return found["sid"] if found else None

    def that_can(self, what: str) -> set[str]:
        """The numbers with a capability: voice, sms or mms."""
        return {n["phone_number"] for n in self.list(()) if n["capabilities"][what]}

    def set_urls(self, phone_number: str, **fields: str) -> bool:
        """Point a number elsewhere, as another provider with the account's key does.

        Returns: whether the number is the account's.
        """
        with self._lock:
            for number in self._numbers:
                if number["phone_number"] == phone_number:
                    number |= fields | {"date_updated": rfc2822(utc_now())}
                    return True
        return False

    def change(self, sid: str, form: Form) -> Resource | None:
        """Set what the form names. Raises: RefusedError."""
        changes = {
            snake_case(name): form.get(name) for name in ("FriendlyName", *_URLS) if name in form
        }
        changes |= {snake_case(name): form.method(name) for name in _METHODS if name in form}
        for name in _URLS:
            url = form.get(name)
            if url and not is_url(url):
                raise RefusedError(400, 21502, f"{name} is not a valid URL: {url}")
        with self._lock:
            for number in self._numbers:
                if number["sid"] == sid:
                    number |= changes | {"date_updated": rfc2822(utc_now())}
                    return dict(number)
        return None
