"""The plans of an assistant: what to record, when to speak, how to judge a call."""

from sandbox.vapi.common import FLAG, OBJECT, OBJECTS, SERVER, TEXT, TEXTS, choice, tagged
from sandbox.vapi.rules import ByTag, Choice, Either, ListOf, Number, Rule, Shape, Text

ARTIFACT_PLAN = Shape(
    {
        "recordingEnabled": FLAG,
        "recordingFormat": choice("wav;l16 mp3"),
        "recordingUseCustomStorageEnabled": FLAG,
        "videoRecordingEnabled": FLAG,
        "fullMessageHistoryEnabled": FLAG,
        "pcapEnabled": FLAG,
        "pcapS3PathPrefix": TEXT,
        "pcapUseCustomStorageEnabled": FLAG,
        "loggingEnabled": FLAG,
        "loggingUseCustomStorageEnabled": FLAG,
        "transcriptPlan": Shape({"enabled": FLAG, "assistantName": TEXT, "userName": TEXT}),
        "recordingPath": TEXT,
        "structuredOutputIds": TEXTS,
        "structuredOutputs": OBJECTS,
        "scorecardIds": TEXTS,
        "scorecards": OBJECTS,
        "loggingPath": TEXT,
    }
)

_ASKED: dict[str, Rule] = {"messages": OBJECTS, "enabled": FLAG, "timeoutSeconds": Number(1, 60)}
_STRUCTURED_DATA_PLAN = Shape({**_ASKED, "schema": OBJECT})

ANALYSIS_PLAN = Shape(
    {
        "minMessagesThreshold": Number(0),
        "summaryPlan": Shape(_ASKED),
        "structuredDataPlan": _STRUCTURED_DATA_PLAN,
        "structuredDataMultiPlan": ListOf(
            Shape({"key": TEXT, "plan": _STRUCTURED_DATA_PLAN}, ("key", "plan"))
        ),
        "successEvaluationPlan": Shape(
            {
                **_ASKED,
                "rubric": choice(
                    "NumericScale DescriptiveScale Checklist Matrix PercentageScale LikertScale "
                    "AutomaticRubric PassFail"
                ),
            }
        ),
        "outcomeIds": TEXTS,
    }
)

START_SPEAKING_PLAN = Shape(
    {
        "waitSeconds": Number(0, 5),
        "smartEndpointingEnabled": Either((FLAG, choice("livekit"))),
        "smartEndpointingPlan": ByTag(
            "provider",
            tagged(
                "provider",
                {
                    "vapi": ({}, ""),
                    "livekit": ({"waitFunction": TEXT}, ""),
                    "custom-endpointing-model": ({"server": SERVER}, ""),
                },
            ),
        ),
        "customEndpointingRules": OBJECTS,
        "transcriptionEndpointingPlan": Shape(
            {
                "onPunctuationSeconds": Number(0, 3),
                "onNoPunctuationSeconds": Number(0, 3),
                "onNumberSeconds": Number(0, 3),
            }
        ),
    }
)

STOP_SPEAKING_PLAN = Shape(
    {
        "numWords": Number(0, 10),
        "voiceSeconds": Number(0, 0.5),
        "backoffSeconds": Number(0, 10),
        "acknowledgementPhrases": ListOf(Text(high=240)),
        "interruptionPhrases": ListOf(Text(high=240)),
    }
)

MONITOR_PLAN = Shape(
    {
        "listenEnabled": FLAG,
        "listenAuthenticationEnabled": FLAG,
        "controlEnabled": FLAG,
        "controlAuthenticationEnabled": FLAG,
        "monitorIds": TEXTS,
    }
)

COMPLIANCE_PLAN = Shape(
    {
        "hipaaEnabled": FLAG,
        "pciEnabled": FLAG,
        "securityFilterPlan": OBJECT,
        "recordingConsentPlan": OBJECT,
    }
)

BACKGROUND_SPEECH_DENOISING_PLAN = Shape(
    {
        "smartDenoisingPlan": Shape({"enabled": FLAG}),
        "fourierDenoisingPlan": Shape(
            {
                "enabled": FLAG,
                "mediaDetectionEnabled": FLAG,
                "staticThreshold": Number(-80, 0),
                "baselineOffsetDb": Number(-30, -5),
                "windowSizeMs": Number(1000, 30000),
                "baselinePercentile": Number(1, 99),
            }
        ),
    }
)

# The third delimiter is none at all.
KEYPAD_INPUT_PLAN = Shape(
    {"enabled": FLAG, "timeoutSeconds": Number(0, 10), "delimiters": Choice(("#", "*", ""))}
)
