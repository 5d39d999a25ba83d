from django.apps import AppConfig


class RecordingConfig(AppConfig):
    name = "ava.recording"
    label = "recording"
