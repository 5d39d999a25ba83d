"""Forms of the rooms of calls and messages."""

from dataclasses import dataclass

from ava.idempotency import forms


class OnceForm(forms.OnceForm):
    names = {"from": "from_number"}


@dataclass(frozen=True)
class Sheet(forms.Sheet):
    styles: str = "ava/pages/telephony.css"
