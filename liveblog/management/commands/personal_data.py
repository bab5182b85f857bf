"""A person's data: `manage.py personal_data export|erase --reader NAME` or `--user USERNAME`."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from liveblog import publishing
from newsroom.busy import again_while_busy


class Command(BaseCommand):
    help = "Print or erase what is stored of one person: a reader who sent responses, or a member of staff."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["export", "erase"])
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--reader", metavar="NAME", help="the name that the reader gave with responses")
        who.add_argument("--user", metavar="USERNAME", help="the account's user name")
        parser.add_argument(
            "--response",
            type=int,
            action="append",
            metavar="ID",
            help="erase only these responses of the reader: others may have the same name",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        is_export = options["action"] == "export"
        if options["response"] and (is_export or options["user"]):
            raise CommandError("--response goes with: erase --reader NAME.", returncode=2)
        if options["reader"] is not None:
            act = self._export_reader if is_export else self._erase_reader
            act(options["reader"], options["response"])
        else:
            user = again_while_busy(User.objects.filter(username=options["user"]).first)
            if user is None:
                raise CommandError(f"There is no account {options['user']}.", returncode=2)
            (self._export_user if is_export else self._erase_user)(user)

    def _export_reader(self, name: str, _ids: list[int] | None) -> None:
        self._print(again_while_busy(partial(publishing.export_reader, name)))

    def _erase_reader(self, name: str, ids: list[int] | None) -> None:
        erase = partial(publishing.erase_reader, name, by=publishing.SYSTEM, ids=ids)
        self.stdout.write(f"Erased responses: {again_while_busy(erase)}.")

    def _export_user(self, user: User) -> None:
        self._print(again_while_busy(partial(publishing.export_user, user)))

    def _erase_user(self, user: User) -> None:
        again_while_busy(partial(publishing.erase_user, user, by=publishing.SYSTEM))
        self.stdout.write(f"The account is closed and is called erased-{user.pk} from now on.")

    def _print(self, data: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(data, ensure_ascii=False, indent=2))
