"""Where an assistant takes calls that come in elsewhere: the SIP address of a number at Vapi.

"You can SIP INVITE this. The assistant attached to this number will answer."
(https://docs.vapi.ai/api-reference/phone-numbers, `sipUri`)
"""

from functools import partial

import structlog
from django.contrib.auth.models import User

from ava.http.problems import Problem
from vapi_settings.account import account_of
from vapi_settings.cached_reads import phone_numbers
from vapi_settings.calls.patience import Patience
from vapi_settings.client import PhoneNumber

log = structlog.get_logger("vapi_settings")


def number(*, user: User, patience: Patience) -> PhoneNumber | None:
    """The number at which the user's default assistant answers by SIP; where the user has no
    default, that of the only assistant that has such a number.

    Returns:
        None also where Vapi does not tell in time: whoever calls is not kept waiting.
    """
    return patience.wait(patience.start(user, partial(_number, user)), None)


def _number(user: User) -> PhoneNumber | None:
    try:
        account = account_of(user)
        able = [one for one in phone_numbers(account).value if one.sip_uri and one.assistant_id]
    except Problem as problem:
        log.info("no assistant for an incoming call", code=problem.code)
        return None
    attached = {one.assistant_id for one in able}
    chosen = account.default_assistant_id or (attached.pop() if len(attached) == 1 else None)
    return next((one for one in able if one.assistant_id == chosen), None)
