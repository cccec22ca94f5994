"""
How events come in and how answers go out: CloudFormation, queues, direct and failed invocations.

Imports operations and what they stand on, composition, and the libraries of its entry point alone.
"""
