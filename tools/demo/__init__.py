"""
``make demo``: a connection of every type through every entry point, each proven by a delivery.
The end-to-end tests assert what the demo prints.
"""
