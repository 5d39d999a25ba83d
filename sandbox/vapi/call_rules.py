"""What a call and a phone number may hold: `CreateCallDTO`, `Create-` and `UpdateTwilio...DTO`."""

from sandbox.vapi.assistant import ASSISTANT
from sandbox.vapi.common import FLAG, OBJECT, OBJECTS, SERVER, TEXT, choice
from sandbox.vapi.rules import ListOf, Nullable, Rule, Shape, Text

NAME = Text(high=40)

OVERRIDES = Shape({**ASSISTANT.fields, "tools:append": OBJECTS, "variableValues": OBJECT})

CUSTOMER = Shape(
    {
        "numberE164CheckEnabled": FLAG,
        "extension": Text(high=10),
        "assistantOverrides": OVERRIDES,
        "squadOverrides": OVERRIDES,
        "number": Text(3, 40),
        "sipUri": TEXT,
        "name": NAME,
        "email": Text(high=40),
        "externalId": Text(high=40),
    }
)

_NUMBER: dict[str, Rule] = {
    "fallbackDestination": OBJECT,
    "hooks": OBJECTS,
    "smsEnabled": FLAG,
    "twilioAccountSid": TEXT,
    "twilioAuthToken": TEXT,
    "twilioApiKey": TEXT,
    "twilioApiSecret": TEXT,
    "name": NAME,
    "assistantId": TEXT,
    "workflowId": TEXT,
    "squadId": TEXT,
    "server": SERVER,
}

CALL = Shape(
    {
        "assistantVersion": Nullable(TEXT),
        "transport": OBJECT,
        "customers": ListOf(CUSTOMER),
        "name": NAME,
        "schedulePlan": Shape({"earliestAt": TEXT, "latestAt": TEXT}, ("earliestAt",)),
        "assistantId": TEXT,
        "assistant": ASSISTANT,
        "assistantOverrides": OVERRIDES,
        "squadId": TEXT,
        "squad": OBJECT,
        "squadOverrides": OVERRIDES,
        "workflowId": TEXT,
        "workflow": OBJECT,
        "workflowOverrides": OBJECT,
        "phoneNumberId": TEXT,
        "phoneNumber": Shape(
            {**_NUMBER, "twilioPhoneNumber": TEXT}, ("twilioPhoneNumber", "twilioAccountSid")
        ),
        "customerId": TEXT,
        "customer": CUSTOMER,
    }
)

CALL_CHANGE = Shape({"name": NAME})

TWILIO_NUMBER = Shape(
    {**_NUMBER, "provider": choice("twilio"), "number": TEXT},
    ("provider", "number", "twilioAccountSid"),
)
TWILIO_NUMBER_CHANGE = Shape({**_NUMBER, "provider": choice("twilio"), "number": TEXT})
