"""Toasts: what a page says about what has just happened."""

from django.contrib import messages
from django.contrib.messages.storage.base import Message

from ava.console.toasts import Toast, taken


def said(text: str, undo: str = "") -> Message:
    return Message(messages.SUCCESS, text, extra_tags=undo and f"undo:{undo}")


def test_a_form_sent_by_a_double_click_is_told_of_once() -> None:
    assert taken([said("It has begun."), said("It has begun.")]) == [Toast("It has begun.")]


def test_what_can_be_undone_apart_is_told_apart() -> None:
    waiting = [said("Taken off.", "/one"), said("Taken off.", "/two")]
    assert [toast.undo for toast in taken(waiting)] == ["/one", "/two"]
