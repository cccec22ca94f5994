"""
AWS behind the ports of operations: EventBridge, secrets, the registry, queues and results.

Imports botocore and the data of the other packages; only composition imports it.
"""
