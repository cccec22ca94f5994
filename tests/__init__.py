"""Unit (no network), integration (every door against MiniStack), e2e (the demo) and artifact."""
