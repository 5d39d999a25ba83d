"""What each voice provider takes, from the `*Voice` schemas of Vapi's OpenAPI document.

Whether a voice has a `speed`, and in which range, differs: 11labs 0.7-1.2, openai 0.25-4,
several none at all.
"""

from sandbox.vapi.common import (
    FLAG,
    LONG_LIST,
    NUMBER,
    OBJECT,
    OBJECTS,
    SERVER,
    TEXT,
    TEXTS,
    choice,
    tagged,
)
from sandbox.vapi.rules import ByTag, Either, ListOf, Number, Rule, Shape, Text

CHUNK_PLAN = Shape(
    {
        "enabled": FLAG,
        "minCharacters": Number(1, 80),
        "punctuationBoundaries": ListOf(
            choice("\u3002 \uff0c . ! ? ; ) \u060c \u06d4 \u0964 \u0965 | || , :")
        ),
        "formatPlan": Shape(
            {
                "enabled": FLAG,
                "numberToDigitsCutoff": Number(0),
                "replacements": OBJECTS,
                "formattersEnabled": ListOf(
                    choice(
                        "markdown asterisk quote dash newline colon acronym dollarAmount email "
                        "date time distance unit percentage phoneNumber number stripAsterisk"
                    )
                ),
            }
        ),
    }
)

_COMMON: dict[str, Rule] = {"voiceId": TEXT, "cachingEnabled": FLAG, "chunkPlan": CHUNK_PLAN}
_FALLBACK: dict[str, Rule] = {"fallbackPlan": Shape({"voices": OBJECTS}, ("voices",))}

_ELEVENLABS: dict[str, Rule] = {
    "stability": Number(0, 1),
    "similarityBoost": Number(0, 1),
    "style": Number(0, 1),
    "useSpeakerBoost": FLAG,
    "speed": Number(0.7, 1.2),
    "optimizeStreamingLatency": Number(0, 4),
    "enableSsmlParsing": FLAG,
    "autoMode": FLAG,
    "model": choice(
        "eleven_multilingual_v2 eleven_turbo_v2 eleven_turbo_v2_5 eleven_flash_v2 "
        "eleven_flash_v2_5 eleven_monolingual_v1 eleven_v3"
    ),
    "language": TEXT,
    "pronunciationDictionaryLocators": ListOf(
        Shape(
            {"pronunciationDictionaryId": TEXT, "versionId": TEXT}, ("pronunciationDictionaryId",)
        )
    ),
}

_CARTESIA: dict[str, Rule] = {
    "model": choice(
        "sonic-3.5 sonic-3.5-2026-05-04 sonic-3 sonic-3-2026-01-12 sonic-3-2025-10-27 sonic-2 "
        "sonic-2-2025-06-11 sonic-english sonic-multilingual sonic-preview sonic"
    ),
    "language": LONG_LIST,
    "experimentalControls": Shape(
        {
            "speed": Either((choice("slowest slow normal fast fastest"), Number(-1, 1))),
            "emotion": LONG_LIST,
        }
    ),
    "generationConfig": Shape(
        {"speed": Number(0.6, 1.5), "volume": Number(0.5, 2), "experimental": OBJECT}
    ),
    "pronunciationDictId": TEXT,
}

_PLAYHT: dict[str, Rule] = {
    "speed": Number(0.1, 5),
    "temperature": Number(0.1, 2),
    "emotion": choice(
        "female_happy female_sad female_angry female_fearful female_disgust female_surprised "
        "male_happy male_sad male_angry male_fearful male_disgust male_surprised"
    ),
    "voiceGuidance": Number(1, 6),
    "styleGuidance": Number(1, 30),
    "textGuidance": Number(1, 2),
    "model": choice("PlayHT2.0 PlayHT2.0-turbo Play3.0-mini PlayDialog"),
    "language": LONG_LIST,
}

_MINIMAX: dict[str, Rule] = {
    "model": choice("speech-02-hd speech-02-turbo speech-2.5-turbo-preview"),
    "emotion": TEXT,
    "subtitleType": choice("word sentence"),
    "pitch": Number(-12, 12),
    "speed": Number(0.5, 2),
    "volume": Number(0.5, 2),
    "region": choice("worldwide china"),
    "languageBoost": LONG_LIST,
    "textNormalizationEnabled": FLAG,
}

_VAPI: dict[str, Rule] = {
    "version": Either((choice("1 2 latest"), Number(1, 2))),
    "speed": Number(0.25, 2),
    "language": LONG_LIST,
    "pronunciationDictionary": ListOf(
        Shape(
            {"pronunciationDictId": TEXT, "versionId": TEXT, "provider": choice("cartesia 11labs")},
            ("pronunciationDictId",),
        )
    ),
}

_OWN: dict[str, tuple[dict[str, Rule], str]] = {
    "azure": ({"speed": Number(0.5, 2)}, "voiceId"),
    "cartesia": (_CARTESIA, "voiceId"),
    "custom-voice": ({"server": SERVER}, "server"),
    "deepgram": (
        {"voiceId": LONG_LIST, "model": choice("aura aura-2"), "mipOptOut": FLAG},
        "voiceId",
    ),
    "11labs": (_ELEVENLABS, "voiceId"),
    "hume": (
        {"model": choice("octave octave2"), "isCustomHumeVoice": FLAG, "description": TEXT},
        "voiceId",
    ),
    "lmnt": ({"speed": Number(0.25, 2), "language": LONG_LIST}, "voiceId"),
    "neuphonic": (
        {"model": choice("neu_hq neu_fast"), "language": OBJECT, "speed": Number(0.25, 2)},
        "voiceId language",
    ),
    "openai": (
        {
            "model": choice("tts-1 tts-1-hd gpt-4o-mini-tts"),
            "instructions": Text(high=10000),
            "speed": Number(0.25, 4),
        },
        "voiceId",
    ),
    "playht": (_PLAYHT, "voiceId"),
    "wellsaid": (
        {"model": choice("caruso legacy"), "enableSsml": FLAG, "libraryIds": TEXTS},
        "voiceId",
    ),
    "rime-ai": (
        {
            "model": choice("arcana mistv2 mist"),
            "speed": Number(0.1),
            "pauseBetweenBrackets": FLAG,
            "phonemizeBetweenBrackets": FLAG,
            "reduceLatency": FLAG,
            "inlineSpeedAlpha": TEXT,
            "language": choice("en es de fr ar hi ja he pt ta si"),
        },
        "voiceId",
    ),
    "smallest-ai": ({"model": choice("lightning"), "speed": NUMBER}, "voiceId"),
    "tavus": (
        {
            "personaId": TEXT,
            "callbackUrl": TEXT,
            "conversationName": TEXT,
            "conversationalContext": TEXT,
            "customGreeting": TEXT,
            "properties": OBJECT,
        },
        "voiceId",
    ),
    "vapi": (_VAPI, "voiceId"),
    "sesame": ({"model": choice("csm-1b")}, "voiceId model"),
    "inworld": (
        {
            "voiceId": LONG_LIST,
            "model": choice("inworld-tts-1"),
            "languageCode": choice("en zh ko nl fr es ja de it pl pt ru hi he ar"),
            "temperature": Number(0.1, 2),
            "speakingRate": Number(0.5, 1.5),
        },
        "voiceId",
    ),
    "minimax": (_MINIMAX, "voiceId"),
    "xai": (
        {
            "voiceId": choice("eve ara rex sal leo"),
            "language": LONG_LIST,
            "speed": Number(0.7, 1.5),
        },
        "voiceId",
    ),
    "microsoft": (
        {
            "voiceId": LONG_LIST,
            "style": LONG_LIST,
            "styleDegree": Number(0.01, 2),
            "role": choice(
                "Girl Boy YoungAdultFemale YoungAdultMale OlderAdultFemale OlderAdultMale "
                "SeniorFemale SeniorMale"
            ),
            "speed": Number(0.5, 2),
        },
        "voiceId",
    ),
}

# Vapi's own voices fall back by themselves.
VOICE = ByTag(
    "provider",
    tagged(
        "provider",
        {
            name: (_COMMON | fields if name == "vapi" else _COMMON | _FALLBACK | fields, required)
            for name, (fields, required) in _OWN.items()
        },
    ),
)
