"""What each transcriber takes, from the `*Transcriber` schemas of Vapi's OpenAPI document."""

from sandbox.vapi.common import (
    FLAG,
    LONG_LIST,
    NUMBER,
    OBJECTS,
    SERVER,
    TEXT,
    TEXTS,
    choice,
    tagged,
)
from sandbox.vapi.rules import Anything, ByTag, Choice, ListOf, Number, Rule, Shape, Text

_FALLBACK: dict[str, Rule] = {"fallbackPlan": Shape({"transcribers": OBJECTS})}
_LANGUAGE: dict[str, Rule] = {"language": LONG_LIST}
# Vapi lists these as a pattern in JavaScript: a word, then perhaps `:` and a whole number.
_KEYWORD = Text(pattern=r"[^\W\d_](?:[^\W_])*(?::[+-]?\d+)?")

_ASSEMBLY: dict[str, Rule] = {
    "language": choice("multi en"),
    "confidenceThreshold": Number(0, 1),
    "formatTurns": FLAG,
    "endOfTurnConfidenceThreshold": Number(0, 1),
    "minEndOfTurnSilenceWhenConfident": Number(0),
    "wordFinalizationMaxWaitTime": Number(0),
    "maxTurnSilence": Number(0),
    "vadAssistedEndpointingEnabled": FLAG,
    "mode": choice("max_accuracy min_latency balanced"),
    "prompt": Text(high=1750),
    "agentContext": Text(high=1750),
    "languageCodes": ListOf(choice("en es fr de it pt tr nl sv no da fi hi vi ar he ja zh")),
    "speechModel": choice(
        "universal-streaming-english universal-streaming-multilingual universal-3-5-pro"
    ),
    "realtimeUrl": TEXT,
    "wordBoost": ListOf(Text(high=2500)),
    "keytermsPrompt": ListOf(Text(high=50)),
    "endUtteranceSilenceThreshold": NUMBER,
    "disablePartialTranscripts": FLAG,
}

_DEEPGRAM: dict[str, Rule] = {
    "model": TEXT,
    "smartFormat": FLAG,
    "mipOptOut": FLAG,
    "numerals": FLAG,
    "profanityFilter": FLAG,
    "redaction": ListOf(choice("pci pii phi numbers")),
    "confidenceThreshold": Number(0, 1),
    "eotThreshold": Number(0.5, 0.9),
    "eotTimeoutMs": Number(500, 10000),
    "languages": TEXTS,
    "keywords": ListOf(_KEYWORD),
    "keyterm": TEXTS,
    "endpointing": Number(10, 500),
}

_GLADIA: dict[str, Rule] = {
    "model": choice("fast accurate solaria-1"),
    "languageBehaviour": Choice(
        ("manual", "automatic single language", "automatic multiple languages")
    ),
    "languages": ListOf(LONG_LIST),
    "transcriptionHint": Text(high=600),
    "prosody": FLAG,
    "audioEnhancer": FLAG,
    "confidenceThreshold": Number(0, 1),
    "endpointing": Number(0.01, 10),
    "speechThreshold": Number(0, 1),
    "customVocabularyEnabled": FLAG,
    "customVocabularyConfig": Shape(
        {"vocabulary": ListOf(Anything((str, dict))), "defaultIntensity": Number(0, 1)},
        ("vocabulary",),
    ),
    "region": choice("us-west eu-west"),
    "receivePartialTranscripts": FLAG,
}

_SPEECHMATICS: dict[str, Rule] = {
    "model": choice("default"),
    "operatingPoint": choice("standard enhanced"),
    "region": choice("eu us"),
    "enableDiarization": FLAG,
    "maxDelay": Number(500, 10000),
    "customVocabulary": ListOf(Shape({"content": Text(1), "soundsLike": TEXTS}, ("content",))),
    "numeralStyle": choice("written spoken"),
    "endOfTurnSensitivity": Number(0, 1),
    "removeDisfluencies": FLAG,
    "minimumSpeechDuration": Number(0, 5),
}

_OWN: dict[str, tuple[dict[str, Rule], str]] = {
    "assembly-ai": (_ASSEMBLY, ""),
    "azure": (
        {
            "segmentationStrategy": choice("Default Time Semantic"),
            "segmentationSilenceTimeoutMs": Number(100, 5000),
            "segmentationMaximumTimeMs": Number(20000, 70000),
        },
        "",
    ),
    "deepgram": (_DEEPGRAM, ""),
    "11labs": (
        {
            "model": choice("scribe_v1 scribe_v2 scribe_v2_realtime"),
            "silenceThresholdSeconds": Number(0.3, 3),
            "confidenceThreshold": Number(0.1, 0.9),
            "minSpeechDurationMs": Number(50, 2000),
            "minSilenceDurationMs": Number(50, 2000),
        },
        "",
    ),
    "gladia": (_GLADIA, ""),
    "google": (
        {
            "model": choice(
                "gemini-3.5-flash gemini-3.1-flash-lite gemini-3-flash-preview gemini-2.5-pro "
                "gemini-2.5-flash gemini-2.5-flash-lite gemini-2.0-flash-thinking-exp "
                "gemini-2.0-pro-exp-02-05 gemini-2.0-flash gemini-2.0-flash-lite "
                "gemini-2.0-flash-exp gemini-2.0-flash-realtime-exp gemini-1.5-flash "
                "gemini-1.5-flash-002 gemini-1.5-pro gemini-1.5-pro-002 gemini-1.0-pro"
            )
        },
        "",
    ),
    "speechmatics": (_SPEECHMATICS, "customVocabulary"),
    "talkscriber": ({"model": choice("whisper")}, ""),
    "openai": ({"model": choice("gpt-4o-transcribe gpt-4o-mini-transcribe")}, "model"),
    "cartesia": ({"model": choice("ink-whisper ink-2")}, ""),
    "soniox": (
        {
            "model": choice("stt-rt-v4 stt-rt-v5"),
            "languages": ListOf(LONG_LIST),
            "languageHintsStrict": FLAG,
            "maxEndpointDelayMs": Number(500, 3000),
            "customVocabulary": TEXTS,
            "contextGeneral": ListOf(Shape({"key": Text(1), "value": Text(1)}, ("key", "value"))),
        },
        "",
    ),
    "xai": ({"model": choice("default")}, ""),
}

_ALONE: dict[str, tuple[dict[str, Rule], str]] = {
    "custom-transcriber": ({"server": SERVER, **_FALLBACK}, "server"),
    # Vapi's own transcriber falls back by itself.
    "vapi": (
        {
            "version": choice("latest 1"),
            "language": LONG_LIST,
            "languages": ListOf(LONG_LIST),
            "keywords": TEXTS,
            "turnTaking": choice("intelligent manual"),
        },
        "",
    ),
}

TRANSCRIBER = ByTag(
    "provider",
    tagged(
        "provider",
        {name: (_LANGUAGE | _FALLBACK | own, required) for name, (own, required) in _OWN.items()},
    )
    | tagged("provider", _ALONE),
)
