"""
The application on this machine: a real SAM build, an AWS emulator, Lambda's runtime client.
Tests, demo and benchmarks all start it from here.
"""
