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
    "model": TEXT,
    "temperature": Number(0, 2),
    "emotionRecognitionEnabled": FLAG,
    "numFastTurns": Number(0),
}
_MAX_TOKENS: dict[str, Rule] = {"maxTokens": Number(50, 10000)}

_ANTHROPIC: dict[str, Rule] = {
    "model": LONG_LIST,
    "thinking": Shape(
        {"type": choice("enabled"), "budgetTokens": Number(1024, 100000)}, ("type", "budgetTokens")
    ),
}

_OPENAI: dict[str, Rule] = {
    "model": LONG_LIST,
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
    "model": LONG_LIST,
    "realtimeConfig": Shape(
        {
            "topP": NUMBER,
            "topK": NUMBER,
            "presencePenalty": NUMBER,
            "frequencyPenalty": NUMBER,
            "speechConfig": OBJECT,
        }
    ),
}

_GROQ: dict[str, Rule] = {
    "model": choice(
        "openai/gpt-oss-20b openai/gpt-oss-120b deepseek-r1-distill-llama-70b "
        "llama-3.3-70b-versatile "
        "llama-3.1-405b-reasoning llama-3.1-8b-instant llama3-8b-8192 llama3-70b-8192 gemma2-9b-it "
        "moonshotai/kimi-k2-instruct-0905 meta-llama/llama-4-scout-17b-16e-instruct "
        "mistral-saba-24b "
        "compound-beta compound-beta-mini"
    )
}

_XAI: dict[str, Rule] = {
    "model": choice(
        "grok-beta grok-2 grok-3 grok-4-fast-reasoning grok-4-fast-non-reasoning "
        "grok-4.20-0309-reasoning grok-4.20-0309-non-reasoning grok-4.3"
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
    "groq": (_GROQ, "model"),
    "inflection-ai": ({"model": choice("inflection_3_pi")}, "model"),
    "minimax": ({"model": choice("MiniMax-M2.7")}, "model"),
    "openai": (_OPENAI, "model"),
    "openrouter": ({}, "model"),
    "perplexity-ai": ({}, "model"),
    "together-ai": ({}, "model"),
    "xai": (_XAI, "model"),
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
