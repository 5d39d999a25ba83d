"""Twilio's error codes as sentences for people. Pure.

Source: https://www.twilio.com/docs/api/errors; each code has a page of its own there.
"""

from typing import NamedTuple


class Meaning(NamedTuple):
    """What a code means, and which field of the request it is about, if any."""

    sentence: str
    field: str | None = None


MEANINGS: dict[int, Meaning] = {
    # Before anything is called or sent
    21201: Meaning("Say whom to call.", "to"),
    21205: Meaning("Twilio cannot use the address under which AVA is reached. Tell the operator."),
    21210: Meaning("Verify this caller ID at Twilio, or buy the number there.", "from"),
    21211: Meaning("This is not a phone number that can be reached.", "to"),
    21212: Meaning("This is not a phone number of your Twilio account.", "from"),
    21213: Meaning("Say which number to call from.", "from"),
    21214: Meaning("This number cannot be reached by phone.", "to"),
    21215: Meaning(
        "Your Twilio account may not call that country. Allow it in Voice, Geo permissions.",
        "to",
    ),
    21216: Meaning("Your Twilio account may not call this number.", "to"),
    21217: Meaning("This is not a phone number that can be reached.", "to"),
    21218: Meaning("Twilio cannot use this TwiML application."),
    21219: Meaning("A trial account calls verified numbers only. Verify this one at Twilio.", "to"),
    21220: Meaning("The call has ended already, or cannot be changed now."),
    21223: Meaning("The number was not written as Twilio takes it.", "to"),
    21224: Meaning("This is not a phone number that can be reached.", "to"),
    21401: Meaning("This is not a phone number that can be reached.", "to"),
    21408: Meaning(
        "Your Twilio account may not text that country. Allow it in Messaging, Geo permissions.",
        "to",
    ),
    21421: Meaning("This is not a phone number.", "from"),
    21601: Meaning("This number cannot send SMS.", "from"),
    21602: Meaning("Write a text.", "body"),
    21603: Meaning("Say which number to send from.", "from"),
    21604: Meaning("Say whom to send the message to.", "to"),
    21605: Meaning("The text is too long.", "body"),
    21606: Meaning("This number is not in your Twilio account, or cannot send SMS.", "from"),
    21608: Meaning("A trial account texts verified numbers only. Verify this one at Twilio.", "to"),
    21610: Meaning("This person has opted out with STOP. They must text START first.", "to"),
    21611: Meaning("Too many messages of this number are waiting. Try again later.", "from"),
    21612: Meaning("No SMS can be sent from this sender to this number.", "to"),
    21614: Meaning("This is not a mobile number: it takes no SMS.", "to"),
    21617: Meaning("The text is too long: at most 1600 characters.", "body"),
    21619: Meaning("Write a text.", "body"),
    21635: Meaning("This is a landline: it takes no SMS.", "to"),
    21660: Meaning("This number is not in your Twilio account.", "from"),
    63038: Meaning("Your Twilio account has reached its daily limit of messages."),
    # On the way
    30001: Meaning("Too many messages were waiting at Twilio."),
    30002: Meaning("The Twilio account was suspended while the message was on its way."),
    30003: Meaning("The phone was off or out of reach."),
    30004: Meaning("The recipient or their carrier blocks messages from this number."),
    30005: Meaning("This number is not in use any more, or the phone is off."),
    30006: Meaning("This is a landline, or a carrier that takes no SMS."),
    30007: Meaning("The carrier took the message for spam."),
    30008: Meaning("The message was lost on the way; the carrier does not say why."),
    30022: Meaning("The carrier limits how much this number may send."),
    30032: Meaning("This toll-free number is not verified for sending."),
    30034: Meaning("This number is not registered for business messages in the US (A2P 10DLC)."),
    # During a call
    11200: Meaning("Twilio could not fetch what to say on the call."),
    11205: Meaning("Twilio could not connect to AVA."),
    12100: Meaning("Twilio could not read what it was told to do on the call."),
    12200: Meaning("Twilio could not follow what it was told to do on the call."),
    12300: Meaning("Twilio was answered with something that is not TwiML."),
    13225: Meaning("Twilio may not dial this number."),
    13227: Meaning("Your Twilio account may not call that country."),
    32009: Meaning("The phone that was called is not connected."),
}


def sentence(code: int) -> str:
    """What a code means, in a sentence."""
    known = MEANINGS.get(code)
    if known:
        return known.sentence
    return f"Twilio reports error {code}. See https://www.twilio.com/docs/errors/{code}"
