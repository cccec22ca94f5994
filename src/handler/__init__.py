"""The EventBridge Connection Provisioner: one Lambda function with three entry points."""
