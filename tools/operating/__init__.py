"""
What an operator does with a deployed application: list its connections, redrive its letters.
It speaks to AWS, or to the stack that the demo left running.
"""
