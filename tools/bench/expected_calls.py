"""The calls to AWS that each kind of request makes, in their order, and why it makes them."""

Calls = tuple[tuple[str, str], ...]

HOLD = ("ChangeMessageVisibilityBatch", "once per batch: after a crash it comes back in minutes")
TELL = ("PutEvents", "the result, before the message is gone")
READ = ("GetItem", "who owns the name, and what was applied last")
LOOK = ("DescribeConnection", "what exists, and whether it is still the one made here")
CLAIM = ("TransactWriteItems", "claim, lease and links, before the fetch: no rotation is missed")
FETCH = ("GetSecretValue", "the credential, and its version; once for each secret")
LEASE = ("PutItem", "the lease: one writer at a time")
NOTE = ("PutItem", "what was written; gives the lease back before the wait")
WAIT = ("DescribeConnection", "has it settled? Again until it has")
SETTLED = ("PutItem", "usable, and since when: so that a change by hand is seen later")
SEND = ("SendMessageBatch", "a message for each connection, ten in a call")

CREATED: Calls = (
    READ,
    LOOK,
    CLAIM,
    FETCH,
    ("CreateConnection", "what was asked"),
    NOTE,
    WAIT,
    SETTLED,
)
UPDATED: Calls = (
    READ,
    LOOK,
    FETCH,
    LEASE,
    ("UpdateConnection", "what was asked"),
    NOTE,
    WAIT,
    SETTLED,
)
UNCHANGED: Calls = (READ, LOOK, FETCH, ("PutItem", "the request's time: what is older loses"))
DELETED: Calls = (
    READ,
    LOOK,
    LEASE,
    ("DeleteConnection", "what was asked"),
    ("DescribeConnection", "is it gone? Again until it is"),
    ("TransactWriteItems", "what is remembered of it, and the end of record and links"),
)
COMPARED: Calls = (READ, LOOK, FETCH)

EXPECTED: dict[str, Calls] = {
    "Create, invocation": CREATED,
    "Create, message": (HOLD, *CREATED, TELL),
    "Create, stack": CREATED,
    "Update that changes nothing, invocation": UNCHANGED,
    "Update that changes nothing, message": (HOLD, *UNCHANGED, TELL),
    "Update that changes something, invocation": UPDATED,
    "Refresh that writes, message": (HOLD, *UPDATED, TELL),
    "Refresh of a version that is there, message": (HOLD, READ, TELL),
    "Refresh that finds nothing new, invocation": COMPARED,
    "Refresh of a secret, message": (
        HOLD,
        ("Query", "who uses this secret"),
        SEND,
        TELL,
    ),
    "Reconcile of one, message": (HOLD, *COMPARED),
    "Reconcile of all, message": (
        HOLD,
        ("Scan", "a page of what is registered"),
        SEND,
    ),
    "Delete, invocation": DELETED,
    "Delete, message": (HOLD, *DELETED, TELL),
    "Delete, stack": DELETED,
}
