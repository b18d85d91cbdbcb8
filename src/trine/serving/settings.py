"""What the environment says about models."""

from pydantic import Field

from trine.settings import SettingsGroup
from trine.types import RunnerName


class ServingSettings(SettingsGroup, prefix="TRINE_MODELS_"):
    """Where models run, unless a model says it itself."""

    registry: str = "models"
    """Folder or URL of the registry: of models that say `registry=True`, and of `trine models`."""
    refresh: float = Field(default=5.0, gt=0)
    """Seconds between two looks at a registry: whether other versions are to answer."""
    runner: RunnerName = "auto"
    """`thread`: in the web process; `process`: shared by all web workers; `ray`: on Ray Serve. `auto` is `process` where there
    are several workers, and `thread` else."""
    devices: str = ""
    """Devices of models that name none, such as `cuda:0,cuda:1`: their replicas take them one after the other."""
    ray_address: str | None = None
    """The Ray cluster; one on this machine is started where there is none."""
