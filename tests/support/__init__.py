"""What plays AWS, Lambda and people in the tests: fakes, stand-ins, and whole plays."""
