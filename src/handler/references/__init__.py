"""
References to secrets and parameters: how they are spelled, what they mean, which are allowed.

Pure: imports only errors and settings; no AWS library, no environment and no clock.
"""
