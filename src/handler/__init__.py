"""The EventBridge Connection Provisioner, one Lambda function: app.py takes every event."""
