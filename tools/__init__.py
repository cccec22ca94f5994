"""Developer commands: the local stack, the demo, and what is generated from AWS's own model."""
