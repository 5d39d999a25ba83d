"""What an assistant may hold. `CreateAssistantDTO` and `UpdateAssistantDTO` ask for the same."""

from sandbox.vapi.common import (
    FLAG,
    LONG_LIST,
    OBJECT,
    OBJECTS,
    SERVER,
    TEXT,
    TEXTS,
    choice,
    tagged,
)
from sandbox.vapi.models import MODEL
from sandbox.vapi.plans import (
    ANALYSIS_PLAN,
    ARTIFACT_PLAN,
    BACKGROUND_SPEECH_DENOISING_PLAN,
    COMPLIANCE_PLAN,
    KEYPAD_INPUT_PLAN,
    MONITOR_PLAN,
    START_SPEAKING_PLAN,
    STOP_SPEAKING_PLAN,
)
from sandbox.vapi.rules import ByTag, Either, ListOf, Number, Shape, Text
from sandbox.vapi.transcribers import TRANSCRIBER
from sandbox.vapi.voices import VOICE

_TWILIO_TRANSPORT = ByTag(
    "provider",
    tagged(
        "provider",
        {
            "twilio": (
                {
                    "timeout": Number(1, 600),
                    "record": FLAG,
                    "recordingChannels": choice("mono dual"),
                },
                "",
            )
        },
    ),
)

_LANGFUSE = ByTag(
    "provider",
    tagged(
        "provider",
        {
            "langfuse": (
                {
                    "promptName": TEXT,
                    "promptVersion": Number(1),
                    "traceName": TEXT,
                    "tags": TEXTS,
                    "metadata": OBJECT,
                },
                "tags",
            )
        },
    ),
)

ASSISTANT = Shape(
    {
        "name": Text(high=40),
        "transcriber": TRANSCRIBER,
        "model": MODEL,
        "voice": VOICE,
        "firstMessage": TEXT,
        "firstMessageInterruptionsEnabled": FLAG,
        "firstMessageMode": choice(
            "assistant-speaks-first assistant-speaks-first-with-model-generated-message "
            "assistant-waits-for-user"
        ),
        "voicemailDetection": Either((choice("off"), OBJECT)),
        "clientMessages": ListOf(
            choice(
                "conversation-update assistant.speechStarted function-call function-call-result "
                "hang language-changed metadata model-output speech-update status-update "
                "transcript tool-calls tool-calls-result tool.completed transfer-update "
                "user-interrupted voice-input workflow.node.started assistant.started"
            )
        ),
        "serverMessages": ListOf(LONG_LIST),
        "maxDurationSeconds": Number(10, 43200),
        "backgroundSound": TEXT,
        "modelOutputInMessagesEnabled": FLAG,
        "transportConfigurations": ListOf(_TWILIO_TRANSPORT),
        "observabilityPlan": _LANGFUSE,
        "credentials": OBJECTS,
        "hooks": OBJECTS,
        "voicemailMessage": Text(high=1000),
        "endCallMessage": Text(high=1000),
        "endCallPhrases": ListOf(Text(2, 140)),
        "compliancePlan": COMPLIANCE_PLAN,
        "metadata": OBJECT,
        "backgroundSpeechDenoisingPlan": BACKGROUND_SPEECH_DENOISING_PLAN,
        "analysisPlan": ANALYSIS_PLAN,
        "artifactPlan": ARTIFACT_PLAN,
        "startSpeakingPlan": START_SPEAKING_PLAN,
        "stopSpeakingPlan": STOP_SPEAKING_PLAN,
        "monitorPlan": MONITOR_PLAN,
        "credentialIds": TEXTS,
        "server": SERVER,
        "keypadInputPlan": KEYPAD_INPUT_PLAN,
    }
)
