"""
What is asked, and whether it may be: envelope, properties, AWS's own model, credential rules.

Pure: imports references, errors and settings, no library of AWS, no environment and no clock.
"""
