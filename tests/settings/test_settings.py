"""Settings from variables: typed, extended, and every mistake reported at once."""

import pytest
from pydantic import BaseModel, Field, SecretStr, field_validator

from trine import App, Settings, SetupError
from trine.settings import SettingsGroup


class Database(BaseModel):
    host: str = "localhost"
    port: int = 5432


class ShopSettings(Settings, prefix="SHOPTEST_"):
    currency: str = "EUR"
    rates: list[float] = Field(default_factory=list)
    limits: dict[str, int] = Field(default_factory=dict)
    database: Database = Database()
    payment_key: SecretStr | None = None
    discount: int = 0

    @field_validator("discount")
    @classmethod
    def small(cls, value: int) -> int:
        if value > 50:
            raise ValueError("should be at most 50 percent")
        return value


class StrictSettings(Settings, prefix="STRICTTEST_"):
    token: SecretStr


class QueueSettings(SettingsGroup, prefix="TRINE_QUEUETEST_"):
    poll: float = 1.0


def load(**env: str) -> ShopSettings:
    return ShopSettings.load(env, dotenv=None)


def mistakes(kind: type[SettingsGroup], **env: str) -> str:
    with pytest.raises(SetupError) as refused:
        kind.load(env, dotenv=None)
    return str(refused.value)


def test_nothing_configured_answers_to_this_machines_names_in_production():
    settings = Settings.load({}, dotenv=None)
    assert settings.allowed_hosts == ("localhost", "127.0.0.1", "[::1]")
    assert settings.mode == "production"
    assert settings.secret_key is None
    assert settings.trusted_proxies == ()


def test_own_fields_read_their_prefix_and_trines_keep_theirs():
    settings = load(SHOPTEST_CURRENCY="USD", TRINE_THREADS="8")
    assert settings.currency == "USD"
    assert settings.threads == 8


def test_changed_default_keeps_its_variable():
    class Quick(Settings, prefix="QUICKTEST_"):
        timeout: float | None = 5.0

    assert Quick.load({}, dotenv=None).timeout == 5
    assert Quick.load({"TRINE_TIMEOUT": "7"}, dotenv=None).timeout == 7


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("example.org", ("example.org",)),
        ("a.org, .b.org ,", ("a.org", ".b.org")),
        ('["a.org", ".b.org"]', ("a.org", ".b.org")),
        ("[::1]", ("[::1]",)),
        ("", ()),
    ],
)
def test_lists_are_separated_by_commas_or_json(text, hosts):
    assert load(TRINE_ALLOWED_HOSTS=text).allowed_hosts == hosts


def test_numbers_in_lists_are_validated():
    assert load(SHOPTEST_RATES="1.5,2").rates == [1.5, 2.0]


def test_mappings_are_json():
    assert load(SHOPTEST_LIMITS='{"day": 3}').limits == {"day": 3}


def test_fields_of_a_nested_model_are_set_one_by_one_or_as_json():
    assert load(SHOPTEST_DATABASE__PORT="6543").database == Database(port=6543)
    assert load(SHOPTEST_DATABASE='{"host": "db"}').database == Database(host="db")


@pytest.mark.parametrize("text", ["none", "None", "null", ""])
def test_none_is_none_where_none_is_allowed(text):
    assert load(TRINE_TIMEOUT=text).timeout is None


def test_file_is_read_and_the_environment_wins(tmp_path):
    path = tmp_path / ".env"
    path.write_text("SHOPTEST_CURRENCY=GBP\nTRINE_THREADS=3\n")
    settings = ShopSettings.load({"TRINE_THREADS": "5"}, dotenv=path)
    assert settings.currency == "GBP"
    assert settings.threads == 5


def test_every_mistake_is_reported_at_once():
    assert mistakes(
        ShopSettings,
        TRINE_THREADS="many",
        TRINE_PROBLEM_DETAILS="perhaps",
        TRINE_MAX_JSON_DEPTH="1000",
        SHOPTEST_LIMITS="{",
        SHOPTEST_DATABASE__PORT="x",
        SHOPTEST_DISCOUNT="70",
    ) == (
        "6 problems in the settings:\n"
        "  1. SHOPTEST_LIMITS is '{', but it should be a JSON object.\n"
        "  2. TRINE_PROBLEM_DETAILS is 'perhaps', but it should be a valid boolean, unable to interpret input.\n"
        "  3. TRINE_MAX_JSON_DEPTH is '1000', but it should be less than or equal to 150.\n"
        "  4. TRINE_THREADS is 'many', but it should be a valid integer, unable to parse string as an integer.\n"
        "  5. SHOPTEST_DATABASE is 'x', but it should be a valid integer, unable to parse string as an integer at port.\n"
        "  6. SHOPTEST_DISCOUNT is '70', but it should be at most 50 percent."
    )


def test_mistake_in_a_file_names_its_line(tmp_path):
    path = tmp_path / ".env"
    path.write_text("# how many\nTRINE_THREADS=0\n")
    with pytest.raises(SetupError) as refused:
        Settings.load({}, dotenv=path)
    assert str(refused.value) == f"TRINE_THREADS is '0', but it should be greater than or equal to 1. ({path}:2)"


def test_missing_variable_is_named():
    assert mistakes(StrictSettings) == "STRICTTEST_TOKEN is not set. Set it in the environment or in .env."


def test_secrets_are_hidden_in_messages():
    class Keys(Settings, prefix="KEYSTEST_"):
        api_key: int = 0
        pins: list[SecretStr] = Field(default_factory=list)

    message = mistakes(Keys, KEYSTEST_API_KEY="hunter2", KEYSTEST_PINS='["tiger')
    assert message == (
        "2 problems in the settings:\n"
        "  1. KEYSTEST_PINS is (hidden), but it should be a list, separated by commas or as JSON.\n"
        "  2. KEYSTEST_API_KEY is (hidden), but it should be a valid integer, unable to parse string as an integer."
    )


def test_misspelled_variable_is_reported_with_the_one_that_was_meant():
    assert mistakes(Settings, TRINE_ALOWED_HOSTS="example.org") == (
        "TRINE_ALOWED_HOSTS is not a setting. Did you mean TRINE_ALLOWED_HOSTS?"
    )


def test_unknown_variables_of_the_command_line_are_no_mistake():
    assert Settings.load({"TRINE_PORT": "9000", "TRINE_WORKERS": "2"}, dotenv=None).unknown_variables() == []


def test_battery_reads_its_part_from_the_same_source():
    settings = load(TRINE_QUEUETEST_POLL="0.25")
    assert settings.part(QueueSettings).poll == 0.25
    assert settings.part(QueueSettings) is settings.part(QueueSettings)
    assert settings.unknown_variables() == []


def test_settings_do_not_change():
    with pytest.raises(ValueError, match="frozen"):
        Settings().threads = 3  # type: ignore[misc]


def test_application_reads_the_environment(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRINE_THREADS", "3")
    (tmp_path / ".env").write_text("TRINE_PROBLEM_DETAILS=yes\n")
    settings = App().settings
    assert (settings.threads, settings.problem_details) == (3, True)
