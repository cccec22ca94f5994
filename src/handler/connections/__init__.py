"""
Decisions about connections on plain data: states, ownership, what to send, what has drifted.

Pure: imports only errors and settings; no AWS library, no environment and no clock.
"""
