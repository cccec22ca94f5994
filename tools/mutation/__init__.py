"""
``make mutants``: change the code of the function, and expect a unit test to fail.
mutmut makes most of the changes; remedies are those that it cannot make.
"""
