"""
Requests and their checks: envelope, properties, AWS's own model, credential rules.

Pure: imports only references, errors and settings; no AWS library, environment or clock.
"""
