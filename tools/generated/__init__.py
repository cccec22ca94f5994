"""
What is derived from AWS's own model or from measured calls: schema, skeleton, cost tables.
It imports the function's rules, so that neither can differ from them.
"""
