"""What Fn::GetAtt can read of a connection, in the contract's order."""

ATTRIBUTES = [
    "Name",
    "ConnectionArn",
    "Arn",
    "ArnForPolicy",
    "ConnectionState",
    "StateReason",
    "SecretArn",
    "AuthorizationType",
    "CreationTime",
    "LastModifiedTime",
    "LastAuthorizedTime",
    "Outcome",
]
