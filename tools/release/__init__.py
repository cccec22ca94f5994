"""
What a release is: the built application as one archive.

Imports ``tools.local`` alone; nothing imports it but its tests.
"""
