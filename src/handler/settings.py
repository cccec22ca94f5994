"""
Every duration and limit that somebody may want to tune, with its reason.

AWS's own limits are beside the code that keeps to them.
"""

from datetime import timedelta

# How much a request may hold.
MOST_REQUEST_BYTES = 256 * 1024  # of a message's raw text, of an invocation's document
# Of a dead letter's: with its attributes it fits SQS, and can be sent again.
LONGEST_LETTER_BYTES = MOST_REQUEST_BYTES - 8 * 1024
MOST_LEVELS = 32  # of nesting; a request has ten
LONGEST_REVISION = 64  # characters
LONGEST_GIVEN_SECONDS = 9999  # of any wait; a larger number is invalid for everybody
MOST_SECRETS = 50
MOST_REFERENCES = 100  # in one value
LONGEST_TEXT = 16_384  # of one value with its secrets; AWS takes 512 characters

# How long to wait for a connection, unless the request says otherwise; and the most it may say.
MESSAGE_WAIT_SECONDS = 30
LONGEST_MESSAGE_WAIT_SECONDS = 60  # its batch's others wait, too; LEAST_MESSAGE_SECONDS is longer
INVOCATION_WAIT_SECONDS = 30
LONGEST_INVOCATION_WAIT_SECONDS = 300
STACK_WAIT_SECONDS = 840  # what one delivery can wait
# A stack's private connection waits so long by default: twice what private APIs took, and Lambda's
# three deliveries cover it.
LONGEST_STACK_WAIT_SECONDS = 2400
LEAST_WAIT = timedelta(seconds=60)  # where the wait is over when Lambda delivers a request again
LONGEST_DELETION_SECONDS = 30.0  # AWS was seen to take one to four
LONGEST_DEAUTHORIZATION_SECONDS = 30.0  # AWS was seen to take one or two
# Describe may show the state before our write for so long; after that we believe it.
LONGEST_LAG = timedelta(seconds=5)
# A read may give a secret's old version for so long after the event; after that we believe it.
LONGEST_STALENESS = timedelta(minutes=1)

# Seconds between descriptions: first, growth, longest. So the end of an OAuth authorization, which
# takes seconds, is noticed within 0.3 s.
DESCRIBE_PAUSES = (0.2, 1.03, 5.0)

# How long to retry errors that may pass. Pauses in seconds: the first, its growth, the longest.
# At most 2 s: with longer pauses, callers of a throttled API would still sleep when it is free.
CALL_PAUSES = (0.2, 2.0, 2.0)
MOST_CALL_RETRIES = 5  # of one call
# For a stack's request more: to begin it again would repeat the calls that have succeeded.
MOST_STACK_CALL_RETRIES = 25
MOST_BATCH_TRIES = 3  # of a batch that SQS took in part
LEAST_PATIENCE_SECONDS = 8.0  # of a request whose name somebody else is writing to
ROUND_PAUSES = (0.2, 1.5, 10.0)  # at most 10 s: short beside the minutes that throttling lasts
SHORTEST_PAUSE_SECONDS = 0.001  # a shorter one might not move the clock

# The end of an invocation.
ANSWER_SECONDS = 20.0  # kept for the last call's full time-outs, and then the answer
LONGEST_ANSWER_SHARE = 0.2  # of a short invocation
# Lambda delivers again a minute after it killed a delivery. The new delivery must go on trying
# until the lease of the killed one has ended.
LAST_ROUND_SECONDS = 30.0
LAST_ROUND_SHARE = 0.125  # of what is left of a short invocation
TIMEOUT_MARGIN_SECONDS = 5.0  # a PUT with its handshake takes up to 1 s; the rest is for retries
# In a short invocation the timer fires when a quarter of its time is left. Waits have ended by
# then, with 0.3 left: the answer's share, and the last round's share of the rest.
TIMEOUT_SHARE = 0.25
UNUSED_SECONDS = 0.5  # kept free before Lambda ends the function
MOST_RESPONSE_ATTEMPTS = 8
RESPONSE_PAUSES = (0.2, 2.0, 5.0)  # seconds: first, growth, longest
RESPONSE_ATTEMPT_SECONDS = 5.0
SERVICE_TIMEOUT_MARGIN_SECONDS = 30  # of ServiceTimeout, kept back for the answer
RESPONSE_URL_LIFETIME = timedelta(hours=2)  # of one that says only when it ends, not when it began

# What the registry remembers.
LEASE_MARGIN_SECONDS = 30.0  # more than an invocation keeps back for its answer
EVENTBRIDGE_CLOCK_SKEW = timedelta(seconds=5)  # between ours, which dates claims, and its own
REQUEST_CLOCK_SKEW = timedelta(seconds=5)  # between our clock and the one that dates a request
DELETION_LIFETIME = timedelta(hours=24)  # no request is delivered later than that
ITEMS_OF_A_PAGE = 200  # including links and deletions

# When messages come back.
# Seconds: first, growth, longest. MOST_RECEIVES bounds how many there are.
MESSAGE_DELAYS = (10, 2, 600)
# Each delay is multiplied by a random number between these, so that throttled messages do not come
# back all at once: the longest delay is 5 to 15 minutes.
JITTER = (0.5, 1.5)
PRIVATE_PATIENCE_SECONDS = 3600  # EventBridge and VPC Lattice need up to that long to connect
MOST_RECEIVES = 25  # maxReceiveCount of the template: more than patience and throttled polls need
BATCH_MARGIN_SECONDS = 30  # after the function's end, until what it could not finish comes back
LEAST_MESSAGE_SECONDS = 90.0  # for one message: its wait of at most 60 s, and the calls to AWS
MOST_THREADS = 10  # as many as a batch has messages, and a client's pool has connections
LONGEST_HELD_RESULT_SECONDS = 0.5  # for the results of others, to publish them in one call
RESULTS_OF_A_CALL = 10  # PutEvents takes no more
MOST_FAILED_INVOCATION_RECEIVES = 5
FAILED_INVOCATION_DELAY_SECONDS = 60  # all tries together stay far within a ResponseURL's life

# What is told.
LONGEST_LOGGED = 20_000  # characters of a value in a log line; nobody reads a longer one
MOST_LOGGED_MEMBERS = 20  # of a request's properties, by their names
LONGEST_MEMBER = 40  # characters of a member's name; AWS's have 32 at most
LONGEST_RESULT_REASON = 20_000  # characters in a result; its event takes 256 KB
# Bytes in a stack's answer, which has 4096 for all; a StateReason is in its Data.
LONGEST_RESPONSE_REASON_BYTES = 1200
LONGEST_RESPONSE_STATE_REASON_BYTES = 1000
LONGEST_KEPT_REASON = 1024  # characters in the registry, beside a request of up to 256 KB
LONGEST_SHOWN = 160  # characters of a reference in an error

# What a request and the environment must match alike.
RECONCILE_MODES = ("Report", "Repair")
HOST_NAME = r"[\w-]+(\.[\w-]+)*"  # ASCII; no label of it is empty
