"""
What is derived from AWS's own model, from measured calls or from the built layer: schema, skeleton,
cost tables, bill of materials, licences. It imports the function's rules, so that none can differ.
"""
