"""Twilio's error codes as sentences for people. Pure.

Source: https://www.twilio.com/docs/api/errors; each code has a page of its own there. Those are
here that a call, a message or a look at numbers by AVA can end with: AVA sends no media, uses no
messaging service and dials no SIP of its own.
"""

from typing import NamedTuple


class Meaning(NamedTuple):
    """The meaning of a code.

    Attributes:
        sentence: what is wrong, and what to do.
        field: of the request, that it is about, if any.
        operators: nothing that the user does helps; the sentence says what the operator does.
    """

    sentence: str
    field: str | None = None
    operators: bool = False


def _to(sentence: str) -> Meaning:
    return Meaning(sentence, "to")


def _from(sentence: str) -> Meaning:
    return Meaning(sentence, "from")


def _body(sentence: str) -> Meaning:
    return Meaning(sentence, "body")


_ADDRESS = Meaning(
    "Twilio cannot use AVA's own address. The operator must set AVA_PUBLIC_URL to an https address "
    "that Twilio reaches, without an underscore in its host name.",
    operators=True,
)
_NO_NUMBER = _to("This is not a phone number that can be reached. Check it.")
_UNVERIFIED = _from("Verify this number at twilio.com, or choose one that you bought there.")
_NOT_YOURS = _from("This number is not in your Twilio account. Choose one that is.")
_NO_SENDER = _from("Twilio does not take this as a sender. Choose a number of your Twilio account.")
_NO_SMS = _from("This number cannot send SMS. Choose one that can, or buy one at twilio.com.")
_WRITE = _body("Write a text.")
_TOO_LONG = _body("The text is too long: at most 1600 characters.")
_PREMIUM = _to("Twilio does not reach premium numbers.")
_BLOCKED = (
    "Twilio blocks this number: as a risk of fraud, by law, or, in North America, as long as your "
    "account has no customer profile. Create one in Twilio's Trust Hub, or ask Twilio's support."
)
_CALL_GEO = "Your Twilio account may not call that country. Allow it in Voice, Geo permissions."

_REFUSED: dict[int, Meaning] = {
    10002: Meaning("A trial account cannot do this. Upgrade it at twilio.com."),
    10004: Meaning(
        "Your Twilio account has as many calls at a time as it may. Try again when one has ended, "
        "or complete its customer profile at twilio.com."
    ),
    10005: Meaning("Twilio has switched calls off for your account. Ask Twilio's support."),
    14107: _to("Too many messages went to this number within seconds. Try again in a minute."),
    20010: Meaning("Twilio has switched this off for your account. Ask Twilio's support."),
    # Calls
    21201: _to("Say whom to call."),
    21203: _to(_CALL_GEO),
    21213: _from("Say which number to call from."),
    21214: _to("This number cannot be reached by phone. Check it."),
    21215: _to(_CALL_GEO),
    21216: _to(_BLOCKED),
    21219: _to("A trial account calls verified numbers only. Verify this one at twilio.com."),
    21220: Meaning("The call has ended already, or cannot be changed now."),
    # Numbers
    21421: _to("This is not a phone number. Check it."),
    # Messages
    21265: _to("SMS cannot go to a short code. Choose a phone number."),
    21266: _to("A number cannot write to itself. Choose another recipient."),
    21408: _to(
        "Your Twilio account may not text that country. Allow it in Messaging, Geo permissions."
    ),
    21603: _from("Say which number to send from."),
    21604: _to("Say whom to send the message to."),
    21606: _from(
        "This number is not in your Twilio account, or cannot send SMS there. Choose another."
    ),
    21607: _from("A trial account sends from its trial number only. Upgrade it at twilio.com."),
    21608: _to("A trial account texts verified numbers only. Verify this one at twilio.com."),
    21610: _to("This person has opted out with STOP. They must text START first."),
    21611: _from("Too many messages of this number are waiting. Try again later."),
    21612: _to("No SMS goes from this sender to this number. Try another sender."),
    21614: _to("This is not a mobile number: it takes no SMS."),
    21616: _from("Your Twilio account has this number more than once. Choose another sender."),
    21618: _body("Twilio cannot send this text. Change it."),
    21635: _to("This is a landline: it takes no SMS."),
    21659: _from("This is no number of Twilio's, or one of another country. Choose another."),
    21662: _from("This sender does not reach this number from your Twilio region. Try another."),
    21663: _from(
        "This number belongs to another Twilio region. Set its routing at twilio.com to the region "
        "of your keys."
    ),
    21668: _from("Your Twilio region sends no SMS from this kind of number. Choose another."),
    63038: Meaning(
        "Your Twilio account has sent as many messages as it may in 24 hours. Wait, or ask "
        "Twilio's support for more."
    ),
    **dict.fromkeys((21202, 21268), _PREMIUM),
    **dict.fromkeys((21205, 21502, 21609, 21626), _ADDRESS),
    **dict.fromkeys((21210, 21264), _UNVERIFIED),
    **dict.fromkeys((21211, 21217), _NO_NUMBER),
    **dict.fromkeys((21212, 21657), _NO_SENDER),
    **dict.fromkeys((21401, 21407, 21601, 21661), _NO_SMS),
    **dict.fromkeys((21602, 21619), _WRITE),
    **dict.fromkeys((21605, 21617), _TOO_LONG),
    21660: _NOT_YOURS,
}

_UNREGISTERED = Meaning(
    "Carriers in that country take messages of registered senders only. Register this number at "
    "twilio.com."
)
_TOO_MANY = Meaning(
    "The carrier took no more messages of this sender today. Send it again tomorrow."
)
_UNDELIVERED = Meaning(
    "The message could not be delivered; no reason is given. Check the number, or send it again."
)
_ON_THE_WAY: dict[int, Meaning] = {
    30001: Meaning("Too many messages were waiting at Twilio. Send it again, more slowly."),
    30002: Meaning(
        "Your Twilio account was suspended while the message was on its way. Sign in at "
        "twilio.com to see why."
    ),
    30003: Meaning("The phone was off or out of reach. Send it again later."),
    30004: Meaning("The recipient or their carrier blocks messages from this number."),
    30005: Meaning("This number is not in use any more, or the phone is off. Check it."),
    30006: Meaning("This is a landline, or a carrier that takes no SMS."),
    30007: Meaning(
        "The carrier or Twilio took the message for spam. Change its text, and leave out short "
        "links."
    ),
    30008: Meaning("The message was lost on the way; the carrier does not say why. Send it again."),
    30010: Meaning("The message would have cost more than your account allows for one."),
    30017: Meaning("The carrier's network was overloaded. Send it again later."),
    30019: Meaning("The message is larger than the carrier takes. Write a shorter text."),
    30022: Meaning(
        "Carriers limit how fast this number may send (US A2P 10DLC). Send it again, more slowly."
    ),
    30032: Meaning("This toll-free number is not verified for sending. Verify it at twilio.com."),
    30033: Meaning(
        "The campaign that this number is registered for is suspended (US A2P 10DLC). Ask Twilio's "
        "support."
    ),
    30034: Meaning(
        "This number is not registered for business messages in the US (A2P 10DLC). Register it at "
        "twilio.com."
    ),
    30035: Meaning(
        "The registration of this number is under way (US A2P 10DLC). Send it again later."
    ),
    30036: Meaning("The message waited too long to be sent. Send it again, more slowly."),
    30037: Meaning("Twilio has switched messages off for your account. Ask Twilio's support."),
    30038: Meaning("Twilio took the message for a one-time password and stopped it. Change it."),
    30039: Meaning("Twilio stopped the message: two numbers were answering each other in a loop."),
    30044: Meaning("The text is too long for a trial account. Shorten it, or upgrade."),
    30410: Meaning("A carrier did not answer Twilio in time. Send it again."),
    30450: Meaning("Twilio stopped the message: it looks like fraud. Ask Twilio's support."),
    30454: Meaning(
        "Your Twilio account has sent as many messages as it may. Ask Twilio's support."
    ),
    30500: Meaning("Twilio had a fault of its own with this message. Send it again."),
    **dict.fromkeys((30018, 30024, 30040, 30041), _UNREGISTERED),
    **dict.fromkeys((30023, 30027), _TOO_MANY),
    **dict.fromkeys((30453, 30485), _UNDELIVERED),
}

_FETCH = Meaning(
    "Twilio could not fetch what the call needs. Check the addresses in your TwiML; if there are "
    "none, the operator must see to it that Twilio reaches AVA_PUBLIC_URL."
)
_DOCUMENT = Meaning("Twilio could not read what it was to do on the call. Check the TwiML.")
_NO_SUCH_DIAL = Meaning("The number that was dialled on the call is not one that can be reached.")
_DURING_A_CALL: dict[int, Meaning] = {
    11750: Meaning("Twilio was sent more than 64 kB of TwiML. Shorten it."),
    12200: Meaning("Twilio could not follow all that it was to do on the call. Check the TwiML."),
    12300: Meaning("Twilio was answered with something that is not TwiML. Check its addresses."),
    12400: Meaning("Twilio had a fault of its own during the call. Call again."),
    13214: Meaning("The caller ID in the TwiML is no number of your Twilio account."),
    13225: Meaning(_BLOCKED),
    13227: Meaning(_CALL_GEO),
    13247: Meaning("The caller ID in the TwiML is no number of your Twilio account."),
    13520: Meaning("Twilio cannot read this text aloud. Change it."),
    13521: Meaning("The text is too long for Twilio to read aloud. Shorten it."),
    13805: Meaning("A trial account's calls end after 10 minutes. Upgrade it at twilio.com."),
    15002: Meaning("The call waited too long at Twilio and was not placed. Call again."),
    32009: Meaning("The phone that was called is not connected."),
    32014: Meaning("Twilio ended the call: nothing was to be heard on it."),
    32015: Meaning("The call was as long as a call may be, and Twilio ended it."),
    32016: Meaning("The number did not begin to ring. Check it, or call again later."),
    32017: Meaning(
        "The carrier blocked the call because of the number it came from. Try another sender."
    ),
    32203: Meaning(_BLOCKED),
    32205: Meaning(_CALL_GEO),
    **dict.fromkeys((11200, 11205, 11210, 11215, 11217, 11220, 11235, 11236, 11237), _FETCH),
    **dict.fromkeys((12100, 12101, 12102), _DOCUMENT),
    **dict.fromkeys((13223, 13224, 13226), _NO_SUCH_DIAL),
}

MEANINGS: dict[int, Meaning] = {**_REFUSED, **_ON_THE_WAY, **_DURING_A_CALL}


def sentence(code: int) -> str:
    """The meaning of a code, in a sentence."""
    known = MEANINGS.get(code)
    if known:
        return known.sentence
    return f"Twilio reports error {code}. See https://www.twilio.com/docs/errors/{code}"
