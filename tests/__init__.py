"""Tests: unit (no network), integration (every door against MiniStack), e2e (the demo), artifact."""
