"""Every remedy that `make mutants` takes away: where it stands, and which tests must notice."""

from dataclasses import dataclass

UNIT = "tests/unit/test_"


@dataclass(frozen=True, slots=True)
class Mutation:
    """
    One remedy taken away.

    ``tests``: the least files that must notice, without ``tests/unit/test_`` and ``.py``.
    """

    name: str
    module: str
    old: str
    new: str
    tests: tuple[str, ...] = ("remedies",)

    @property
    def file(self) -> str:
        """Give the mutated file's path."""
        return f"src/handler/{self.module}.py"

    @property
    def test_files(self) -> list[str]:
        """Give the paths of the tests."""
        return [f"{UNIT}{name}.py" for name in self.tests]


USE_CASES = ("provisioning",)
OWNERS = ("ownership",)
BACKOFF = ("backoff",)

ANSWERS = [
    Mutation(
        "one answer per delivery",
        "custom_resource",
        "            if self._is_answered:\n                return\n",
        "",
    ),
    Mutation(
        "a failure's PhysicalResourceId: what it created",
        "custom_resource",
        "error.created_name or unknown",
        "unknown",
    ),
    Mutation(
        "a failure's PhysicalResourceId: never empty",
        "custom_resource",
        "return self._asked.physical_resource_id or self._asked.name",
        'return ""',
    ),
    Mutation(
        "the time-out's PhysicalResourceId",
        "custom_resource",
        "self.PhysicalResourceId = id_of_unknown_end(self._asked)",
        "pass",
    ),
    Mutation(
        "deadline margin",
        "custom_resource",
        "left - margin",
        "left - 0.1",
    ),
    Mutation("deadline timer", "custom_resource", "self._timer.start()", "pass"),
    Mutation(
        "an answer not delivered is raised",
        "custom_resource",
        "    if resource.unanswered:\n        raise resource.unanswered from None\n",
        "",
    ),
    Mutation(
        "crhelper's logger silenced",
        "custom_resource",
        'logging.getLogger("crhelper").setLevel(logging.CRITICAL + 1)',
        "",
    ),
    Mutation(
        "root log level untouched",
        "custom_resource",
        "log_level=logging.root.level",
        'log_level="DEBUG"',
    ),
    Mutation(
        "AWS_SAM_LOCAL removed again",
        "custom_resource",
        'del os.environ["AWS_SAM_LOCAL"]',
        "pass",
    ),
    Mutation(
        "AWS_SAM_LOCAL restored",
        "custom_resource",
        'os.environ["AWS_SAM_LOCAL"] = before',
        "pass",
    ),
    Mutation(
        "crhelper makes no clients",
        "custom_resource",
        'os.environ["AWS_SAM_LOCAL"] = "true"',
        'os.environ["AWS_SAM_LOCAL"] = ""',
    ),
    Mutation("only 2xx acknowledges", "answer", "200 <= status < 300", "True"),
    Mutation(
        "5xx are sent again", "answer", "status in RETRIED or status >= 500", "status in RETRIED"
    ),
    Mutation("408 and 429 are sent again", "answer", "status in RETRIED or status", "status"),
    Mutation(
        "socket errors are sent again",
        "answer",
        "return type(error).__name__, False",
        "return type(error).__name__, True",
    ),
    Mutation(
        "no attempt outlasts the function",
        "answer",
        "min(ATTEMPT_SECONDS, left)",
        "ATTEMPT_SECONDS",
    ),
    Mutation("empty content type", "answer", 'headers={"content-type": ""}', "headers={}"),
    Mutation("4096 bytes", "answer", "if len(encoded) <= MOST_BYTES", "if True"),
    Mutation(
        "long reasons are shortened",
        "answer",
        '_head(body["Reason"], LONGEST_REASON_BYTES)',
        'body["Reason"]',
    ),
    Mutation(
        "host check", "answerable", "if not is_answerable(", "if False and not is_answerable("
    ),
    Mutation(
        "host check to its end", "answerable", "re.fullmatch(aws, host)", "re.match(aws, host)"
    ),
    Mutation(
        "https only",
        "answerable",
        "host in configured_hosts and is_safe_scheme",
        "host in configured_hosts",
    ),
    Mutation(
        "crhelper's own members refused", "answerable", 'name.startswith("CrHelper")', "False"
    ),
    Mutation("malformed events refused", "answerable", "    refuse(found)\n", ""),
    Mutation(
        "Unanswered never executed",
        "app",
        "if records and all(map(_is_unanswered, records))",
        "if False",
    ),
    Mutation(
        "Unanswered: no ResponseURL kept",
        "unanswered",
        "MessageBody=json.dumps(_keys(request))",
        "MessageBody=json.dumps(request)",
    ),
    Mutation("Unanswered: comes back", "unanswered", "            raise\n", "            return\n"),
    Mutation("Unanswered: ends", "unanswered", " and receives(record) < MOST_RECEIVES", ""),
    Mutation(
        "a stack's request is as old as its signature",
        "asked",
        'signing_time(event.get("ResponseURL", ""), arrival)',
        "arrival",
    ),
    Mutation("signing time without X-Amz-Date", "signing_time", " - URL_LIFETIME", ""),
    Mutation(
        "signing time never in the future",
        "signing_time",
        "return min(signed, arrival)",
        "return signed",
    ),
]

CALLS = [
    Mutation(
        "LimitExceeded not retried",
        "aws_errors",
        '"LimitExceededException": ServiceLimitExceededError',
        '"LimitExceededException": ThrottlingError',
    ),
    Mutation(
        "botocore repeats nothing", "aws", '"total_max_attempts": 1', '"total_max_attempts": 3'
    ),
    Mutation(
        "ConcurrentModification retried",
        "aws",
        "        ResourceConflictError,\n        ServiceInternalError,",
        "        ServiceInternalError,",
    ),
    Mutation(
        "throttling retried",
        "aws",
        "        ServiceInternalError,\n        ThrottlingError,\n    )",
        "        ServiceInternalError,\n    )",
    ),
    Mutation("retries end", "aws", ", MOST_RETRIES)", ", 50)"),
    Mutation(
        "no retry without time",
        "aws",
        "pause is None or self.clock.remaining() <= pause",
        "pause is None",
    ),
    Mutation(
        "SDK message not forwarded",
        "aws_errors",
        'f"{call} failed: {code}"',
        "f\"{call} failed: {code} {told.get('Message')}\"",
    ),
    Mutation(
        "a failed condition is not retried",
        "invocation",
        "retried = (NetworkFailureError,",
        "retried = (ProvisionerError,",
    ),
    Mutation(
        "time kept for the answer",
        "invocation",
        "lambda: self.seconds_left() - margin",
        "lambda: self.seconds_left()",
    ),
    Mutation(
        "each invocation holds leases of its own",
        "invocation",
        "str(uuid.uuid4())",
        "context.aws_request_id",
    ),
    Mutation(
        "a lease with an unknown end stays noted",
        "leasing",
        "        return replace(held, leased_until=None)\n",
        "        return released(held)\n",
        ("found_by_review",),
    ),
    Mutation(
        "a definite refusal gives the time back",
        "leasing",
        "    return replace(released(before), seen=held.seen)\n",
        "    return released(held)\n",
        ("found_by_review",),
    ),
    Mutation(
        "an unknown end is remembered over later tries",
        "aws",
        "error.has_unknown_end = has_unknown_end",
        "pass",
        ("found_by_review",),
    ),
    Mutation(
        "a stack outlasts the lease of its own dead delivery",
        "provisioning",
        "if request.door.is_last_chance",
        "if False",
        ("found_by_review",),
    ),
    Mutation(
        "a claim ends with its lease",
        "ownership",
        "if created is None or (until and created > until + GRACE)",
        "if created is None",
        ("found_by_review",),
    ),
    Mutation(
        "a namesake made meanwhile is not settled",
        "stabilizing",
        "if seen is None or not is_same(record, seen):\n        return None",
        "if seen is None:\n        return None",
        ("found_by_review",),
    ),
    Mutation(
        "a rename that settled is told",
        "applying",
        "is_made_by_this = is_young or",
        "is_made_by_this = False or",
        ("found_by_review",),
    ),
    Mutation(
        "tasks that no longer wait", "results", "except NotFoundError", "except ZeroDivisionError"
    ),
    Mutation(
        "foreign exceptions without their text",
        "handling",
        "unexpected {type(error).__name__}",
        "unexpected {error}",
    ),
]

QUEUE = [
    Mutation(
        "told before buried",
        "request_queue",
        "        untold = self._untold(handled)\n",
        "        if error:\n            self._bury(handled.asked, error)\n"
        "        untold = self._untold(handled)\n",
    ),
    Mutation(
        "a message's time ends",
        "request_queue",
        "return age.total_seconds() < patience_seconds(",
        "return True or patience_seconds(",
    ),
    Mutation(
        "permanent failures are final at once",
        "request_queue",
        "return error.is_transient and self._is_early(",
        "return self._is_early(",
    ),
    Mutation(
        "buried in the end though untold",
        "request_queue",
        "if untold and self._is_early(record, handled.asked):",
        "if untold:",
    ),
    Mutation(
        "buried unread before SQS moves it",
        "request_queue",
        "is_last = receives(record) >= LAST_RECEIVE",
        "is_last = False",
        ("request_queue",),
    ),
    Mutation(
        "no message harms another",
        "request_queue",
        "except BaseException as raised:  # noqa: BLE001 (no message harms another)",
        "except ProvisionerError as raised:",
        ("request_queue",),
    ),
    Mutation(
        "a result that cannot be told is a failure",
        "request_queue",
        "except Exception as raised:  # noqa: BLE001 (what cannot be told is buried in the end)",
        "except ProvisionerError as raised:",
        ("request_queue",),
    ),
    Mutation("growing delay", "backoff", "FIRST_DELAY_SECONDS << (receives - 1)", "10", BACKOFF),
    Mutation("jittered delay", "backoff", "(0.5, 1.5)", "(1.0, 1.0)", BACKOFF),
    Mutation("the delay's upper end", "backoff", ", LONGEST_DELAY_SECONDS)", ", 43_200)", BACKOFF),
    Mutation(
        "private connections are waited for",
        "backoff",
        "max(give_up_seconds, PRIVATE_SECONDS) if is_private(properties) else give_up_seconds",
        "give_up_seconds",
        BACKOFF,
    ),
    Mutation(
        "side by side", "concurrency", "MOST_THREADS = 10", "MOST_THREADS = 1", ("request_queue",)
    ),
    Mutation(
        "remaining time watched in a batch",
        "request_queue",
        "if self._invocation.seconds_left() < self._least_seconds",
        "if False",
    ),
    Mutation(
        "the batch is held at its start", "request_queue", '    queue.hold(event["Records"])\n', ""
    ),
    Mutation(
        "a batch of one does not raise",
        "request_queue",
        "raise_on_entire_batch_failure=False",
        "raise_on_entire_batch_failure=True",
    ),
    Mutation(
        "RequestTime only where older",
        "asked",
        "min(arrival, request_time(envelope) or arrival)",
        "request_time(envelope) or arrival",
        ("envelope",),
    ),
    Mutation(
        "RequestTime counts",
        "asked",
        "min(arrival, request_time(envelope) or arrival)",
        "arrival",
        ("envelope",),
    ),
    Mutation(
        "deep nesting: text",
        "document",
        "return TOO_DEEP if _is_deep(document) else document\n\n\ndef within",
        "return document\n\n\ndef within",
        ("document",),
    ),
    Mutation(
        "deep nesting: invocation",
        "document",
        "return TOO_DEEP if _is_deep(document) else document\n\n\ndef foreign",
        "return document\n\n\ndef foreign",
        ("document",),
    ),
    Mutation(
        "size before parsing",
        "document",
        '    if len(text.encode(errors="replace")) > MOST_BYTES:\n'
        "        return TOO_LARGE\n    try",
        "    try",
        ("document",),
    ),
    Mutation(
        "another service's envelope is named",
        "asked",
        "document if isinstance(document, Violation) else foreign(document)",
        "document if isinstance(document, Violation) else None",
        ("document",),
    ),
    Mutation(
        "a malformed name is not repeated",
        "asked",
        "isinstance(named, str) and NAME.fullmatch(named)",
        "isinstance(named, str)",
        ("asked", "request_queue"),
    ),
    Mutation(
        "a destroy can end",
        "asked",
        "door=TERRAFORM if is_terraform else door",
        "door=door",
        ("envelope",),
    ),
    Mutation(
        "deep nesting: secret",
        "reference",
        "except (ValueError, RecursionError)",
        "except ValueError",
        ("reference",),
    ),
]

SECRETS = [
    Mutation(
        "what was refused is not kept",
        "dead_letter",
        "            check(asked, rules)\n",
        "",
        ("dead_letter",),
    ),
    Mutation(
        "what AWS refused is not kept",
        "dead_letter",
        "if not isinstance(error, InvalidRequestError):",
        "if error:",
        ("dead_letter",),
    ),
    Mutation(
        "only what was looked at is kept",
        "dead_letter",
        "if asked.request_type not in NAME_ONLY or",
        "if True or",
        ("dead_letter",),
    ),
    Mutation(
        "letters fit every queue",
        "dead_letter",
        "if len(letter.encode()) <= LONGEST_BODY:",
        "if True:",
        ("dead_letter",),
    ),
    Mutation(
        "a log line is bounded",
        "observability",
        "each[:LONGEST] if isinstance(each, str) else each",
        "each",
        ("request_queue",),
    ),
    Mutation(
        "members of a log line are few",
        "handling",
        "[:MOST_MEMBERS]",
        "",
        ("request_queue",),
    ),
    Mutation(
        "attributes that SQS takes",
        "dead_letter",
        "return clean[:LONGEST_ATTRIBUTE]",
        "return text[:LONGEST_ATTRIBUTE]",
        ("dead_letter",),
    ),
    Mutation(
        "literals refused",
        "credentials",
        "        if not holds_secret:\n",
        "        if False:\n",
        ("credentials",),
    ),
    Mutation(
        "references elsewhere refused",
        "credentials",
        "if text is not None and not _may_hold_reference(leaf)",
        "if False",
        ("credentials",),
    ),
    Mutation(
        "IsValueSecret's default",
        "credentials",
        '{"IsValueSecret": True} if',
        "{} if",
        ("credentials",),
    ),
    Mutation(
        "IsValueSecret false with a secret refused",
        "credentials",
        "elif services & {Service.SECRETS_MANAGER, Service.SSM_SECURE}",
        "elif False",
        ("credentials",),
    ),
    Mutation(
        "secrets of services refused", "policy", 'if "!" in source.name', "if False", ("policy",)
    ),
    Mutation(
        "prefixes",
        "policy",
        "elif not any(each.name.startswith(prefixes) for each in source.readings)",
        "elif False",
        ("policy",),
    ),
    Mutation(
        "accounts",
        "policy",
        "if source.account not in (self.account, *others)",
        "if False",
        ("policy",),
    ),
    Mutation(
        "a partial ARN of another account",
        "policy",
        "elif source.account != self.account and source.is_partial",
        "elif False",
        ("policy",),
    ),
    Mutation(
        "the name that was answered is judged, too",
        "resolution",
        "        if problems:\n",
        "        if False:\n",
        ("partial_arns",),
    ),
    Mutation(
        "the name that was answered decides the link",
        "resolution",
        "str(each.answered(held.name))",
        "str(each)",
        ("partial_arns",),
    ),
    Mutation(
        "either name is linked before the fetch",
        "writing",
        "for reading in source.readings}",
        "for reading in source.readings[:1]}",
        ("partial_arns",),
    ),
    Mutation(
        "an ARN of another account is never read as a name",
        "secret_sources",
        "if source.account == self.account else ()",
        "if True else ()",
        ("secret_sources",),
    ),
    Mutation(
        "no text around a password",
        "credentials",
        "elif text and leaf.name in MEMBERS_WITHOUT_TEXT",
        "elif False and leaf.name",
        ("credentials",),
    ),
    Mutation(
        "an empty value is refused",
        "reference",
        "        if not picked:",
        "        if False:",
        ("reference",),
    ),
    Mutation(
        "JSON needs a key",
        "reference",
        "if not self.json_key and isinstance(document, (dict, list)):",
        "if False:",
        ("reference",),
    ),
    Mutation(
        "Regions",
        "policy",
        "if (partition, region) != (self.partition, self.region)",
        "if False",
        ("policy",),
    ),
    Mutation(
        "linear pattern: header values",
        "validation",
        r'    r"^[ \t]*[\x20-\x7E]+([ \t]+[\x20-\x7E]+)*[ \t]*$": r"\t*[\x20-\x7E][\t\x20-\x7E]*",'
        "\n",
        "",
        ("validation",),
    ),
    Mutation(
        "linear pattern: user names and passwords",
        "validation",
        r'    r"^[ \t]*[^\x00-\x1F:\x7F]+([ \t]+[^\x00-\x1F:\x7F]+)*[ \t]*$": (',
        '    "unused": (',
        ("validation",),
    ),
    Mutation("fullmatch", "validation", "re.fullmatch(LINEAR", "re.match(LINEAR", ("validation",)),
    Mutation(
        "SecretNotUsable collected",
        "resolution",
        "                found.append(Violation(leaf.path, error.reason))",
        "                raise error",
        USE_CASES,
    ),
    Mutation(
        "resolved values checked against the model",
        "resolution",
        "found = list(violations(properties, ports.rules.shape))",
        "found = []",
        USE_CASES,
    ),
    Mutation(
        "a plain parameter is no credential",
        "resolution",
        "                found += _secrecy_violations(fetched, leaf, leaf.value)\n",
        "",
        ("provisioning",),
    ),
    Mutation(
        "a secret's repr",
        "source",
        "def __repr__",
        "def unused",
        ("reference",),
    ),
    Mutation(
        "no task token in a repr", "asked", 'field(default="", repr=False)', 'field(default="")'
    ),
]

OWNERSHIP = [
    Mutation(
        "claim before create",
        "applying",
        "    with claimed(ports, wanted, record) as claim:\n",
        "    claim = replace(wanted, seen=record.seen if record else type(wanted.seen)())\n"
        "    if claim:\n",
        USE_CASES,
    ),
    Mutation("taking back a claim", "leasing", "if not error.is_transient", "if False", USE_CASES),
    Mutation(
        "created after the claim",
        "ownership",
        "created >= record.claimed_at - GRACE",
        "True",
        OWNERS,
    ),
    Mutation("grace", "ownership", "timedelta(seconds=5)", "timedelta(0)", OWNERS),
    Mutation(
        "ARN comparison",
        "ownership",
        "return record.connection_arn == connection.arn",
        "return True",
        OWNERS,
    ),
    Mutation(
        "foreign records", "ownership", "if record.owner != owner and", "if False and", OWNERS
    ),
    Mutation(
        "lease: taking it",
        "leasing",
        "lease_holder=ports.holder, leased_until=until",
        'lease_holder=""',
    ),
    Mutation(
        "lease: giving it back after a failure",
        "leasing",
        "            ports.registry.write(_given_back(held, before or record, error))\n",
        "            pass\n",
        ("remedies",),
    ),
    Mutation("lease: expiry", "ownership", " and now < self.leased_until", "", OWNERS),
    Mutation(
        "lease: writers keep off",
        "looking",
        "    if record and record.is_leased_to_other(ports.holder, instant(ports.clock.now())):",
        "    if False and record:",
        ("provisioning",),
    ),
    Mutation(
        "lease: deleters keep off",
        "deleting",
        "    refuse_leased(ports, record)\n",
        "",
        ("remedies",),
    ),
    Mutation(
        "lease: waiting for it",
        "provisioning",
        " or next(waiting, None) is None",
        " or True",
        USE_CASES,
    ),
    Mutation(
        "tombstone's lifetime", "ownership", "timedelta(hours=24)", "timedelta(days=999)", OWNERS
    ),
    Mutation(
        "newest wins: noted on Unchanged",
        "writing",
        "final = replace(released(record), request_time=newest)",
        "final = released(record)",
        ("newest_wins",),
    ),
    Mutation(
        "newest wins: noted before an update",
        "writing",
        "known = replace(record, connection_arn=connection.arn, request_time=newest)",
        "known = replace(record, connection_arn=connection.arn)",
        ("newest_wins",),
    ),
    Mutation(
        "newest wins: noted before a deletion",
        "deleting",
        "unwanted = replace(record, request_time=newest, is_unwanted=True)",
        "unwanted = replace(record, is_unwanted=True)",
        ("remedies",),
    ),
    Mutation(
        "what was created is not forgotten",
        "leasing",
        " and not error.created_name",
        "",
        ("leasing",),
    ),
    Mutation(
        "what a dead holder may have written is written again",
        "writing",
        "        and not record.lease_holder",
        "        and True",
        ("remedies",),
    ),
    Mutation(
        "a creation whose answer was lost is named",
        "applying",
        "error.created_name = request.name",
        "pass",
    ),
    Mutation(
        "what was created stays named over conflicts",
        "provisioning",
        "created_name = error.created_name = error.created_name or created_name",
        "created_name = error.created_name",
    ),
    Mutation(
        "what goes on being deleted is a conflict",
        "looking",
        "if connection and connection.state == ConnectionState.DELETING",
        "if False",
        ("remedies",),
    ),
    Mutation(
        "leftovers after an update",
        "writing",
        "if not is_moving(connection.state, request.properties) and any(",
        "if False and any(",
        ("provisioning",),
    ),
    Mutation(
        "SecureStrings are no plain values",
        "resolution",
        "if is_secret and is_plain_wanted",
        "if False",
        USE_CASES,
    ),
    Mutation(
        "leftovers that stay are told",
        "stabilizing",
        "    if left:\n",
        "    if False:\n",
        USE_CASES,
    ),
    Mutation(
        "what was dropped is said",
        "convergence",
        "            parent[name] = _copied(none)",
        "            pass",
        ("convergence",),
    ),
    Mutation(
        "DELETING awaited",
        "looking",
        "seen.state == ConnectionState.DELETING",
        "False",
        ("provisioning",),
    ),
    Mutation(
        "a deletion is awaited",
        "deleting",
        "lambda _: False",
        "lambda _: True",
        USE_CASES,
    ),
    Mutation(
        "what was adopted is released", "deleting", "if record.is_adopted", "if False", USE_CASES
    ),
    Mutation(
        "made-up ids lead to the name in the properties",
        "request",
        "other_name=well_formed(properties) or asked.derived_name",
        'other_name=""',
        USE_CASES,
    ),
    Mutation(
        "AlreadyExists after a lost answer",
        "applying",
        "        if not error.has_unknown_end and not is_perhaps_ours:\n",
        "        if True:\n",
        USE_CASES,
    ),
    Mutation(
        "a failure names what it created",
        "applying",
        "error.created_name = error.created_name or name",
        "pass",
        USE_CASES,
    ),
    Mutation(
        "a change behind our back is seen",
        "writing",
        "or record.last_modified_time == connection.last_modified_time",
        "or True",
        ("provisioning",),
    ),
    Mutation(
        "bad states are failures",
        "stabilizing",
        "if connection.state in BAD",
        "if False",
        USE_CASES,
    ),
    Mutation(
        "a stack goes round again",
        "provisioning",
        "spare_seconds(), TransientError",
        "spare_seconds(), ResourceConflictError",
        ("patience",),
    ),
    Mutation(
        "a wait that can go on is not answered",
        "custom_resource",
        "if self._comes_back(error):",
        "if False:",
        ("long_waits",),
    ),
    Mutation(
        "running out of time is told",
        "stabilizing",
        "if request.wait_timeout_seconds > 0 and not is_done(seen)",
        "if False",
        USE_CASES,
    ),
    Mutation(
        "a bad connection is written again",
        "writing",
        "        and connection.state not in (*BAD, ConnectionState.DEAUTHORIZING)\n",
        "",
        ("remedies",),
    ),
    Mutation(
        "the name's prefix",
        "properties",
        "if isinstance(name, str) and not name.startswith(prefix)",
        "if False",
        ("request",),
    ),
]

REFRESHES = ("refreshing",)
RECONCILES = ("reconciling",)
ITEMS = ("registry_item",)

ROTATION = [
    Mutation(
        "links are there before a claim's first fetch",
        "applying",
        "        secret_versions=unfetched(request),\n",
        "",
        REFRESHES,
    ),
    Mutation(
        "links are there before an Update's first fetch",
        "applying",
        "        record = linked(ports, request, record)\n",
        "",
        REFRESHES,
    ),
    Mutation(
        "names of failed Updates give way",
        "writing",
        "in record.secret_versions.items() if each}",
        "in record.secret_versions.items()}",
        ITEMS,
    ),
    Mutation(
        "no link for what is pinned",
        "registry",
        "for source in parsed if not source.is_pinned",
        "for source in parsed",
        ITEMS,
    ),
    Mutation(
        "a client that cannot be made is an error of our own",
        "aws",
        "except (BotoCoreError, ValueError) as error",
        "except ZeroDivisionError as error",
        ("warming",),
    ),
    Mutation(
        "only a version that is behind is written",
        "refreshing",
        "is_needed = is_behind(record, desired.versions) or bool(record.lease_holder)",
        "is_needed = True",
        REFRESHES,
    ),
    Mutation(
        "a crashed write is written again",
        "refreshing",
        " or bool(record.lease_holder)",
        "",
        REFRESHES,
    ),
    Mutation(
        "a bad state is written again by a Refresh",
        "refreshing",
        "if is_needed or connection.state in BAD:",
        "if is_needed:",
        REFRESHES,
    ),
    Mutation(
        "DEAUTHORIZED after maintenance passes on the queue",
        "stabilizing",
        "is_passing = request.is_maintenance and request.door.waits_again",
        "is_passing = False",
        REFRESHES,
    ),
    Mutation(
        "DEAUTHORIZED is final where nobody comes back",
        "stabilizing",
        "is_passing = request.is_maintenance and request.door.waits_again",
        "is_passing = request.is_maintenance",
        REFRESHES,
    ),
    Mutation(
        "a secret of nobody's is silent",
        "refreshing",
        "is_silent=not names",
        "is_silent=False",
        REFRESHES,
    ),
    Mutation(
        "the version goes along to each connection",
        "refreshing",
        '        about["VersionId"] = chosen.version_id\n',
        "        pass\n",
        REFRESHES,
    ),
    Mutation(
        "a repair's claim knows what was asked",
        "applying",
        "        wanted = replace(wanted, properties=request.written)\n",
        "        pass\n",
        ("keeping",),
    ),
    Mutation(
        "what was made at the same time is theirs",
        "applying",
        "        if not error.has_unknown_end and not is_perhaps_ours:\n",
        "        if False:\n",
        ("keeping",),
    ),
    Mutation(
        "a Delete's intent outlives its time-out",
        "deleting",
        "request_time=newest, is_unwanted=True)",
        "request_time=newest)",
        ("keeping",),
    ),
    Mutation(
        "who asks again takes a Delete back",
        "writing",
        "            is_unwanted=False,\n",
        "",
        ("keeping",),
    ),
    Mutation(
        "what nobody waited for has its time noted",
        "reconciling",
        "            _settle(ports, wanted, record, desired, connection)\n",
        "            pass\n",
        ("keeping",),
    ),
    Mutation(
        "a Refresh looks again before it misses anything",
        "refreshing",
        "            refuse_changed(ports, record)\n",
        "",
        ("keeping",),
    ),
    Mutation(
        "a Reconcile looks again before it misses anything",
        "reconciling",
        "        refuse_changed(ports, record)\n",
        "",
        ("keeping",),
    ),
    Mutation(
        "a version that is not shown yet comes back",
        "refreshing",
        "        _refuse_stale(ports, request, record, desired)\n",
        "",
        ("keeping",),
    ),
    Mutation(
        "an old event does not come back for ever",
        "refreshing",
        " and age < LONGEST_STALENESS",
        "",
        ("keeping",),
    ),
    Mutation(
        "an overtaken event is done",
        "refreshing",
        " and written_at < request.request_time",
        "",
        ("keeping",),
    ),
    Mutation(
        "what is recreated is not touched",
        "reconciling",
        "if missing is Finding.RECREATED or not _repairs(ports, request)",
        "if not _repairs(ports, request)",
        RECONCILES,
    ),
    Mutation(
        "what is gone is only reported",
        "reconciling",
        "if missing is Finding.RECREATED or not _repairs(ports, request)",
        "if missing is Finding.RECREATED",
        RECONCILES,
    ),
    Mutation(
        "what is changed is only reported",
        "reconciling",
        "if is_behind or (found and _repairs(ports, request))",
        "if is_behind or found",
        RECONCILES,
    ),
    Mutation(
        "a version that is behind is written in any mode",
        "reconciling",
        "if is_behind or (found and _repairs(ports, request))",
        "if found and _repairs(ports, request)",
        RECONCILES,
    ),
    Mutation(
        "a Reconcile may choose its mode",
        "reconciling",
        'return mode == "Repair" if mode else ports.is_repairing',
        "return ports.is_repairing",
        RECONCILES,
    ),
    Mutation(
        "nothing found is silent",
        "reconciling",
        "is_silent = not findings and outcome is Outcome.UNCHANGED",
        "is_silent = False",
        RECONCILES,
    ),
    Mutation(
        "what is found is told",
        "reconciling",
        "is_silent = not findings and outcome is Outcome.UNCHANGED",
        "is_silent = outcome is Outcome.UNCHANGED",
        RECONCILES,
    ),
    Mutation(
        "a List goes on past tombstones",
        "listing",
        "    while not records and token:\n        records, token = ports.registry.page(token)\n",
        "",
        ("listing",),
    ),
    Mutation(
        "a namesake's state is not told",
        "listing",
        "connection and connection.arn == record.connection_arn",
        "connection",
        ("listing",),
    ),
    Mutation(
        "failed entries are sent again",
        "requests_to_self",
        'failed = [each["Id"] for each in answer.get("Failed", [])]',
        "failed: list[str] = []",
        ("requests_to_self",),
    ),
    Mutation(
        "what was taken is not sent twice",
        "requests_to_self",
        "left = {each: left[each] for each in failed}",
        "left = left if failed else {}",
        ("requests_to_self",),
    ),
    Mutation(
        "drift: what is hidden is not compared",
        "drift",
        'return name == "Value" and parameter.get("IsValueSecret") is not False',
        "return False",
        ("drift",),
    ),
    Mutation(
        "drift: parameters by key",
        "drift",
        "yield from _different(_by_key(desired), _by_key(observed), path)",
        'yield from _different({"": desired}, {"": observed}, path) if desired != observed else ()',
        ("drift",),
    ),
    Mutation(
        "drift: a change that does not show",
        "drift",
        "if _is_touched(record, connection) or any(",
        "if any(",
        ("drift",),
    ),
]

MUTATIONS = [*ANSWERS, *CALLS, *QUEUE, *SECRETS, *OWNERSHIP, *ROTATION]
