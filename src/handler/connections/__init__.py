"""
Decisions about connections on plain data: states, ownership, what to send, what has drifted.

Pure: imports the errors alone, no other room, no library of AWS, no environment and no clock.
"""
