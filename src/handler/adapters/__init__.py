"""
AWS behind the ports of operations: EventBridge, secrets, the registry, queues and results.

Imports the data of the other rooms and botocore; composition alone imports it.
"""
