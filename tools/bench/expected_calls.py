"""The calls to AWS that each kind of request makes, in their order, and why it makes them."""

Calls = tuple[tuple[str, str], ...]

HOLD = ("ChangeMessageVisibilityBatch", "once per batch: after a crash it comes back in minutes")
TELL = ("PutEvents", "the results, mostly once per batch, before the messages are gone")
READ = ("GetItem", "who owns the name, and what was applied last")
LOOK = ("DescribeConnection", "what exists, and whether it is still the one made here")
CLAIM = (
    "TransactWriteItems",
    "claim, lease and links, if nobody has the name; no rotation is missed",
)
FETCH = ("GetSecretValue", "the credential, and its version; once for each secret")
LEASE = ("PutItem", "the lease: one writer at a time")
SEEN = ("DescribeConnection", "does it work, and since when? Again until it has settled")
NOTE = ("PutItem", "what was written, that it works, since when; gives the lease back")
SEND = ("SendMessageBatch", "a message for each connection, ten in a call")

CREATED: Calls = (LOOK, CLAIM, FETCH, ("CreateConnection", "what was asked"), SEEN, NOTE)
UPDATE = ("UpdateConnection", "what was asked; the answer tells whether it works")
UPDATED: Calls = (READ, LOOK, FETCH, LEASE, UPDATE, SEEN, NOTE)
REFRESHED: Calls = (READ, LOOK, FETCH, LEASE, UPDATE, NOTE)
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
    "Refresh that writes, message": (HOLD, *REFRESHED, TELL),
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
