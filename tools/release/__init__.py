"""
What a release is: the built application as one archive.

Imports ``tools.local`` and ``tools.generated``; nothing imports it but its tests.
"""
