"""
References to secrets and parameters: how they are spelled, what they mean, which are allowed.

Pure: imports the errors alone, no other room, no library of AWS, no environment and no clock.
"""
