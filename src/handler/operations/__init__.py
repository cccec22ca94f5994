"""
The use cases (upsert, delete, refresh, reconcile, ...), and the ports that they need from outside.

Imports requests, connections and references; it reaches AWS only through its ports.
"""
