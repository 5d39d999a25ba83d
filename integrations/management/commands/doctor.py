"""`manage.py doctor`."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser

from ava.management import base as commands
from integrations.doctor.findings import Verdict
from integrations.doctor.services import examine


class Command(commands.Command):
    help = (
        "Tell what is wrong with this installation and how to mend it, a line for each item: "
        "good, needs attention, or cannot tell. Nothing is changed; providers and AVA's public "
        "address are asked without credentials, for five seconds at most."
    )
    done = "nothing needs attention"
    not_done = ("something needs attention",)
    # They are among the items.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs: a list of items")

    def handle(self, *args: Any, **options: Any) -> None:
        found = []
        for finding in examine():
            found.append(finding)
            if not options["json"]:
                line = f"{finding.verdict:<15}  {finding.item}: {finding.sentence}"
                self.stdout.write(line)
        if options["json"]:
            self.stdout.write(json.dumps([asdict(finding) for finding in found], indent=1))
        wrong = sum(finding.verdict == Verdict.ATTENTION for finding in found)
        if wrong:
            verb = "item needs", "items need"
            raise CommandError(f"{commands.several(wrong, *verb)} attention.")
