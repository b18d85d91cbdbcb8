"""What the environment says about storages."""

from pydantic import BaseModel, ConfigDict, Field

from trine.settings import SettingsGroup

MEGABYTE = 1024 * 1024


class StorageOptions(BaseModel):
    """Where one storage keeps its files."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    """A folder such as `files`, `file:///var/files`, `memory://`, `s3://bucket/prefix`, `gs://`, `az://account/container`."""
    options: dict[str, str] = Field(default_factory=dict)
    """What the store is told besides: `region`, `endpoint`, `access_key_id`. Without them the provider's own variables count."""
    public_url: str | None = None
    """Where everybody may read the files, such as a CDN. Without it every link is signed."""


class StorageSettings(SettingsGroup, prefix="TRINE_STORAGE_"):
    """The default storage, and others by their names."""

    url: str = "files"
    """Where the default storage keeps its files."""
    options: dict[str, str] = Field(default_factory=dict)
    """What its store is told besides, as a JSON object."""
    public_url: str | None = None
    """Where everybody may read the default storage's files."""
    others: dict[str, StorageOptions] = Field(default_factory=dict)
    """Further storages, as JSON: `{"media": {"url": "s3://media"}}`."""
    path: str = Field(default="/stored", pattern=r"^/[\w/.-]*[\w.-]$")
    """The path below which the application serves files and takes uploads, where the store has no signed links of its own."""
    link_seconds: int = Field(default=3600, ge=1)
    """How long a signed link counts."""
    max_upload: int = Field(default=100 * MEGABYTE, ge=1)
    """Most bytes of one direct upload."""
