"""The battery: `app.install(Maintenance())`."""

from collections.abc import Sequence
from typing import Any

import click

from trine import App, Request, Response
from trine.http import Handler, PlainTextResponse
from trine.settings import Problem, Settings
from trine.signals import Signal

from .settings import MaintenanceSettings

maintenance_changed = Signal("maintenance_changed", values=("reason",))
"""Sent by the commands, with the application as its sender; `reason` is None where it was opened."""


class Maintenance:
    """Answers 503 while a file exists. All workers of a machine see the same file, so there is nothing to restart."""

    app: App
    settings: MaintenanceSettings

    def setup(self, app: App) -> None:
        """The one door: what an extension brings, it brings here."""
        self.app = app
        self.settings = app.settings.part(MaintenanceSettings)
        app.extensions["maintenance"] = self
        app.add_middleware(self.close)
        commands = app.commands.group("maintenance", help="Close the application, and open it again.")
        commands.command("on", lifespan=False)(self.turn_on)
        commands.command("off", lifespan=False)(self.turn_off)
        commands.command("status", lifespan=False)(self.show)

    def check(self, settings: Settings) -> Sequence[Problem]:
        """Asked before production starts, and by `trine check`."""
        if "/" not in self.settings.open_paths:
            return []
        hint = "Name the paths that are meant, such as MAINTENANCE_OPEN_PATHS=/health."
        return [Problem("maintenance-open", "MAINTENANCE_OPEN_PATHS has '/': the application can never be closed.", hint)]

    def prepare_templates(self, environment: Any) -> None:
        """Asked when the application's templates are made: `{{ closing_reason() }}`."""
        environment.globals["closing_reason"] = self.reason

    def reason(self) -> str | None:
        """Why the application is closed, None where it is open. Also a dependency."""
        try:
            return self.settings.file.read_text(encoding="utf-8").strip() or "Closed for maintenance."
        except FileNotFoundError:
            return None

    def close(self, handler: Handler) -> Handler:
        """The middleware."""

        async def with_closing(request: Request) -> Response:
            reason = self.reason()
            if reason is None or self.is_open(request.url.path):
                return await handler(request)
            return PlainTextResponse(f"{reason}\n", 503, {"retry-after": str(self.settings.retry_after)})

        return with_closing

    def is_open(self, path: str) -> bool:
        """Whether a path is answered nevertheless."""
        return any(path == known or path.startswith(known.rstrip("/") + "/") for known in self.settings.open_paths)

    async def turn_on(self, reason: str) -> None:
        """Close the application. REASON is what visitors read."""
        self.settings.file.write_text(f"{reason}\n", encoding="utf-8")
        await maintenance_changed.send(self.app, reason=reason)
        self.show()

    async def turn_off(self) -> None:
        """Open the application again."""
        self.settings.file.unlink(missing_ok=True)
        await maintenance_changed.send(self.app, reason=None)
        self.show()

    def show(self) -> None:
        """Say whether the application is closed, and why."""
        reason = self.reason()
        click.echo("Open." if reason is None else f"Closed: {reason}")
