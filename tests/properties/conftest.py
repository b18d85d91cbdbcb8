"""How long properties are searched: by examples, never by the clock of a busy machine."""

from hypothesis import HealthCheck, settings

settings.register_profile("trine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", settings.get_profile("trine"), max_examples=3000)
settings.load_profile("trine")
