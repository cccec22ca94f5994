"""How much chance the unit tests take: little, the same at every run, so that a failure stays."""

from hypothesis import settings

settings.register_profile("unit", max_examples=60, deadline=None, derandomize=True, database=None)
settings.load_profile("unit")
