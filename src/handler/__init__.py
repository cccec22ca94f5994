"""The EventBridge Connection Provisioner: one Lambda function behind three doors."""
