"""What each model provider takes, from the `*Model` schemas of Vapi's OpenAPI document."""

from sandbox.vapi.common import FLAG, LONG_LIST, NUMBER, OBJECT, SERVER, TEXT, TEXTS, choice, tagged
from sandbox.vapi.rules import ByTag, ListOf, Nullable, Number, Rule, Shape, Text
from sandbox.vapi.tools import TOOL

MESSAGE = Shape(
    {
        "content": Nullable(Text(high=100_000_000)),
        "role": choice("assistant function user system tool"),
    },
    ("content", "role"),
)

_COMMON: dict[str, Rule] = {
    "messages": ListOf(MESSAGE),
    "tools": ListOf(TOOL),
    "toolIds": TEXTS,
    "toolRefs": ListOf(Shape({"toolId": TEXT, "version": TEXT}, ("toolId", "version"))),
    "knowledgeBase": ByTag(
        "provider", tagged("provider", {"custom-knowledge-base": ({"server": SERVER}, "server")})
    ),
    "model": LONG_LIST,
    "temperature": Number(0, 2),
    "emotionRecognitionEnabled": FLAG,
    "numFastTurns": Number(0),
}
_MAX_TOKENS: dict[str, Rule] = {"maxTokens": Number(50, 10000)}

_ANTHROPIC: dict[str, Rule] = {
    "thinking": Shape(
        {"type": choice("enabled"), "budgetTokens": Number(1024, 100000)}, ("type", "budgetTokens")
    ),
}

_OPENAI: dict[str, Rule] = {
    "fallbackModels": ListOf(LONG_LIST),
    "toolStrictCompatibilityMode": choice(
        "strip-parameters-with-unsupported-validation strip-unsupported-validation"
    ),
    "promptCacheRetention": choice("in_memory 24h"),
    "promptCacheKey": Text(high=64),
    "reasoningEffort": choice("minimal none low medium high xhigh"),
}

_CUSTOM: dict[str, Rule] = {
    "metadataSendMode": choice("off variable destructured"),
    "headers": OBJECT,
    "url": TEXT,
    "wordLevelConfidenceEnabled": FLAG,
    "timeoutSeconds": Number(0, 300),
}

_GOOGLE: dict[str, Rule] = {
    "realtimeConfig": Shape(
        {
            "topP": NUMBER,
            "topK": NUMBER,
            "presencePenalty": NUMBER,
            "frequencyPenalty": NUMBER,
            "speechConfig": OBJECT,
        }
    )
}

_OWN: dict[str, tuple[dict[str, Rule], str]] = {
    "anthropic": (_ANTHROPIC, "model"),
    "anthropic-bedrock": (_ANTHROPIC, "model"),
    "anyscale": ({}, "model"),
    "cerebras": ({"model": choice("llama3.1-8b llama-3.3-70b")}, "model"),
    "custom-llm": (_CUSTOM, "model url"),
    "deepinfra": ({}, "model"),
    "deep-seek": ({"model": choice("deepseek-chat deepseek-reasoner")}, "model"),
    "google": (_GOOGLE, "model"),
    "groq": ({}, "model"),
    "inflection-ai": ({"model": choice("inflection_3_pi")}, "model"),
    "minimax": ({"model": choice("MiniMax-M2.7")}, "model"),
    "openai": (_OPENAI, "model"),
    "openrouter": ({}, "model"),
    "perplexity-ai": ({}, "model"),
    "together-ai": ({}, "model"),
    "xai": ({}, "model"),
}

# Vapi's own model has no maxTokens.
_VAPI: dict[str, Rule] = {"version": choice("latest 1"), "workflowId": TEXT, "workflow": OBJECT}

MODEL = ByTag(
    "provider",
    tagged(
        "provider",
        {name: (_COMMON | _MAX_TOKENS | own, required) for name, (own, required) in _OWN.items()}
        | {"vapi": (_COMMON | _VAPI, "")},
    ),
)
