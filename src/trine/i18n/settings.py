"""What the environment says about languages."""

from trine.settings import SettingsGroup


class I18nSettings(SettingsGroup, prefix="TRINE_I18N_"):
    """Which languages are spoken, and where their translations are."""

    locales: tuple[str, ...] = ()
    """Languages to choose from, such as `en,de,pt_BR`; those that have a folder where nothing is said."""
    default_locale: str = "en"
    """The language that the program itself is written in, and that is spoken where no other fits."""
    timezone: str = "UTC"
    """The time zone where a visitor has none."""
    folder: str = "translations"
    """Where translations are, beside the application's module."""
