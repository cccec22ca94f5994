"""
The use cases (upsert, delete, refresh, reconcile, ...), and the ports that they need from outside.

Imports requests, connections and references; what AWS does reaches it through its ports alone.
"""
