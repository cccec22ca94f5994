"""
Unit (no network), integration (every entry point against MiniStack), e2e (the demo) and artifact;
``support`` holds what plays AWS, Lambda and people for all of them.
"""
