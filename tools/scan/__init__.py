"""
``make scan``: checkov, cdk-nag and bandit over templates and code, each in its own environment.
It fails on a finding without a written reason beside it, and on a reason without a finding.
"""
