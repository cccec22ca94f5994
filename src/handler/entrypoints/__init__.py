"""
How events come in and how answers go out: CloudFormation, queues, direct and failed invocations.

Each imports operations and what those import, composition, and only the libraries it needs.
"""
