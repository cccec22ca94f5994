"""
References to secrets and parameters: how they are spelled, what they mean, which are allowed.

Pure: imports errors and settings, no other room, no library of AWS, no environment and no clock.
"""
