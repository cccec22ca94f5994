"""
Decisions about connections on plain data: states, ownership, what to send, what has drifted.

Pure: imports errors and settings, no other room, no library of AWS, no environment and no clock.
"""
