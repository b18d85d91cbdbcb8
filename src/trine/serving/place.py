"""Where a model runs: what its options, the settings and the server say together."""

from dataclasses import replace
from typing import TYPE_CHECKING

from trine.errors import SetupError
from trine.settings.launch import launch
from trine.types import ModelOptions, RunnerName

from .companion import ModelAddresses, ModelProcess
from .declaration import ModelDeclaration
from .runner import Runner

if TYPE_CHECKING:
    from .plugin import Serving


class ModelPlace:
    """Decides once, before anything is forked, and makes the runner of each process accordingly."""

    def __init__(self, declaration: ModelDeclaration, serving: "Serving") -> None:
        self.declaration = declaration
        self.serving = serving
        self.addresses = ModelAddresses(declaration)

    def _settle(self) -> None:
        """Take devices from the settings, where the model names none: they are read when the application starts."""
        named = [device.strip() for device in self.serving.settings.devices.split(",") if device.strip()]
        if named and "devices" not in self.declaration.options:
            options: ModelOptions = {**self.declaration.options, "devices": named}
            self.declaration = self.addresses.declaration = replace(self.declaration, options=options)

    @property
    def wish(self) -> RunnerName:
        """What the model says, else the settings."""
        return self.declaration.options.get("runner") or self.serving.settings.runner

    def companions(self) -> list[ModelProcess]:
        """The processes that a server which knows companions keeps for the model. Those above the least sleep until needed."""
        return [ModelProcess(self.addresses, number, self._is_wanted) for number in range(self.declaration.replicas[1])]

    def new_runner(self) -> Runner:
        """Make the runner of this process."""
        self._settle()
        on_batch = self.serving.app.events.note_batch
        wish = self.wish
        self._check_streams(wish)
        if wish == "ray":
            self._check_cluster()
            from .ray import RayRunner

            return RayRunner(self.declaration, self.serving.settings.ray_address, on_batch)
        most = self.declaration.replicas[1]
        if wish == "process" or self.addresses.is_kept or (wish == "auto" and most > 1):
            from .pool import ProcessRunner

            return ProcessRunner(self.declaration, self.addresses, on_batch)
        from .replica import Replica

        if most > 1:
            raise SetupError(
                f"The model {self.declaration.name} wants {most} replicas in one web process.",
                hint="Say runner='process', or leave replicas out.",
                where=self.declaration.where,
            )
        return Replica(self.declaration, on_batch=on_batch)

    def _check_cluster(self) -> None:
        """Refuse a cluster for each web worker."""
        if launch().workers > 1 and self.serving.settings.ray_address is None:
            raise SetupError(
                f"The model {self.declaration.name} runs on Ray, and each of {launch().workers} workers would start a cluster.",
                hint="Say which one they share: TRINE_MODELS_RAY_ADDRESS=auto, after 'ray start --head'. Or run one worker.",
                where=self.declaration.where,
            )

    def _check_streams(self, wish: RunnerName) -> None:
        """Refuse streams that only one of several web workers would know."""
        declaration, workers = self.declaration, launch().workers
        if not declaration.streams or workers < 2:
            return
        if not self.addresses.is_kept:
            where = "on Ray" if wish == "ray" else "in each web worker"
            raise SetupError(
                f"The model {declaration.name} makes streams {where}: of {workers} workers only one could stop each of them.",
                hint="Let one process have it for all: runner='process', without --no-preload. Or run one worker.",
                where=declaration.where,
            )
        log = declaration.options.get("replay")
        if log is None:
            return
        from trine.replay import MemoryEventLog

        if isinstance(log, MemoryEventLog):
            raise SetupError(
                f"The model {declaration.name} keeps its streams in the memory of one of {workers} workers.",
                hint="Say replay=RedisEventLog(...), which all workers share, or run one worker.",
                where=declaration.where,
            )

    def _is_wanted(self, workers: int) -> bool:
        self._settle()
        wish = self.wish
        return wish == "process" or (wish == "auto" and (workers > 1 or self.declaration.replicas[1] > 1))
