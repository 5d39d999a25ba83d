"""Parts of an assistant that several others hold. Limits are those of Vapi's OpenAPI document."""

from sandbox.vapi.rules import Anything, Choice, Flag, ListOf, Number, Rule, Shape, Text

FLAG = Flag()
TEXT = Text()
NUMBER = Number()
OBJECT = Anything((dict,))
TEXTS = ListOf(TEXT)
OBJECTS = ListOf(OBJECT)

# A list of values that grows with every model or language a provider adds.
# Vapi checks it; here any string will do.
LONG_LIST = Text()


def choice(words: str) -> Choice:
    """One of the space-separated words."""
    return Choice(tuple(words.split()))


def tagged(tag: str, shapes: dict[str, tuple[dict[str, Rule], str]]) -> dict[str, Rule]:
    """Shapes by tag, each from its fields and its required ones; the tag is added to both."""
    return {
        name: Shape({tag: Choice((name,)), **fields}, (tag, *required.split()))
        for name, (fields, required) in shapes.items()
    }


BACKOFF_PLAN = Shape(
    {
        "type": choice("fixed exponential"),
        "maxRetries": Number(0, 10),
        "baseDelaySeconds": Number(0, 10),
        "excludedStatusCodes": ListOf(Anything()),
    },
    ("type", "maxRetries", "baseDelaySeconds"),
)

SERVER = Shape(
    {
        "url": TEXT,
        "timeoutSeconds": Number(1, 300),
        "credentialId": TEXT,
        "headers": OBJECT,
        "staticIpAddressesEnabled": FLAG,
        "encryptedPaths": TEXTS,
        "backoffPlan": BACKOFF_PLAN,
    }
)
