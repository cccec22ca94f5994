"""What unit tests have: little chance, the same at every run, and AWS out of reach."""

from tests.unit.conftest import environment, fake_aws, trust

__all__ = ["environment", "fake_aws", "trust"]
