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
        "left - min(TIMEOUT_MARGIN_SECONDS, left / 2)",
        "left - 0.1",
    ),
    Mutation("deadline timer", "custom_resource", "self._timer.start()", "pass"),
    Mutation(
        "an answer not delivered is raised",
        "custom_resource",
        "    if resource.undelivered:\n        raise resource.undelivered from None\n",
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
    Mutation("retries end", "aws", "in range(MOST_RETRIES)", "in range(50)"),
    Mutation(
        "no retry without time",
        "aws",
        "pause is None or self.clock.remaining() <= pause",
        "pause is None",
    ),
    Mutation(
        "SDK message not forwarded",
        "aws",
        'f"{call} failed: {code}"',
        "f\"{call} failed: {code} {told.get('Message')}\"",
    ),
    Mutation("refusals of a young role retried", "aws", "return is_propagating or ", "return "),
    Mutation("only of a young role", "aws", "< YOUNG_SECONDS", "< 9 * YOUNG_SECONDS"),
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
        "conditional writes",
        "registry",
        "            Item=_item(written),\n            **_unchanged(record),\n",
        "            Item=_item(written),\n",
    ),
    Mutation(
        "conditional removals",
        "registry",
        "            Key=_key(record.name),\n            **_unchanged(record),\n",
        "            Key=_key(record.name),\n",
    ),
    Mutation("consistent reads", "registry", "ConsistentRead=True", "ConsistentRead=False"),
    Mutation(
        "PutEvents' FailedEntryCount", "results", 'if answer.get("FailedEntryCount")', "if False"
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
        "        untold = self._untold(record, handled)\n",
        "        if error:\n            self._bury(record, handled.asked.request_id, error)\n"
        "        untold = self._untold(record, handled)\n",
    ),
    Mutation(
        "MAX_ATTEMPTS",
        "request_queue",
        "error.is_transient and receives(record) < self._settings.max_attempts",
        "error.is_transient",
    ),
    Mutation(
        "permanent failures are final at once",
        "request_queue",
        "error.is_transient and receives(record)",
        "receives(record)",
    ),
    Mutation(
        "buried at the last attempt though untold",
        "request_queue",
        "            if receives(record) < self._settings.max_attempts:\n                raise\n",
        "            raise\n",
    ),
    Mutation(
        "growing delay",
        "request_queue",
        "FIRST_DELAY_SECONDS * 2 ** (receives(record) - 1)",
        "FIRST_DELAY_SECONDS",
    ),
    Mutation("jittered delay", "request_queue", "random.uniform(0.5, 1.5)", "1.0"),
    Mutation("the delay's upper end", "request_queue", ", LONGEST_DELAY_SECONDS)", ", 43_200)"),
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
    Mutation("RequestTime only where older", "message", "and int(str(carried)) < int(sent)", ""),
    Mutation(
        "RequestTime of a redrive",
        "message",
        "return str(carried) if is_older else sent",
        "return sent",
    ),
    Mutation(
        "deep nesting: message",
        "message",
        "except (ValueError, RecursionError)",
        "except ValueError",
    ),
    Mutation(
        "deep nesting: dead letter",
        "dead_letter",
        "except (ValueError, RecursionError)",
        "except ValueError",
        ("dead_letter", "remedies"),
    ),
    Mutation(
        "deep nesting: request",
        "request",
        "except RecursionError",
        "except ZeroDivisionError",
        ("request",),
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
        "the task token is masked",
        "dead_letter",
        "        case _:\n            return MASK\n\n\ndef _masked_properties",
        "        case _:\n            return value\n\n\ndef _masked_properties",
        ("dead_letter",),
    ),
    Mutation(
        "no JSON, no body",
        "dead_letter",
        '{"Length": len(text)}',
        '{"Length": text}',
        ("dead_letter",),
    ),
    Mutation(
        "dead letters do not outgrow queues",
        "dead_letter",
        "if len(kept.encode()) <= max(",
        "if True or len(kept.encode()) <= max(",
        ("dead_letter",),
    ),
    Mutation(
        "attributes that SQS takes",
        "dead_letter",
        "return clean[:LONGEST_ATTRIBUTE]",
        "return text[:LONGEST_ATTRIBUTE]",
    ),
    Mutation(
        "sensitive literals are masked",
        "credentials",
        'bool(shape.metadata.get("sensitive")) or (',
        "(",
        ("credentials",),
    ),
    Mutation(
        "endpoints with a login are masked",
        "credentials",
        ' or ("@" in text and "//" in text)',
        "",
        ("credentials",),
    ),
    Mutation(
        "numbers are masked",
        "credentials",
        "        case _:\n            return MASK\n",
        "        case _:\n            return value\n",
        ("credentials",),
    ),
    Mutation(
        "unknown members are masked",
        "credentials",
        'case str() if kind == "string" and not _may_be_credential(value, shape)',
        'case str() if kind != "string" or not _may_be_credential(value, shape)',
        ("credentials",),
    ),
    Mutation(
        "a literal beside a plain reference is masked",
        "credentials",
        "return value if _is_keepable(value, shape) else MASK",
        "return value",
        ("credentials",),
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
        "prefixes", "policy", "elif not source.name.startswith(prefixes)", "elif False", ("policy",)
    ),
    Mutation(
        "accounts", "policy", "if account not in (self.account, *others)", "if False", ("policy",)
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
        "    refuse(list(_value_violations(ports, properties)), SecretNotUsableError)\n",
        "",
        USE_CASES,
    ),
    Mutation(
        "a plain parameter is no credential",
        "resolution",
        "                found += _secrecy_violations(ports, leaf, leaf.value)\n",
        "",
        USE_CASES,
    ),
    Mutation(
        "foreign exceptions raised from None",
        "reference",
        'the secret is not JSON") from None',
        'the secret is not JSON")',
    ),
    Mutation("a secret's repr", "reference", "def __repr__", "def unused", ("reference",)),
    Mutation(
        "no properties in a repr",
        "asked",
        "properties: object = field(repr=False)",
        "properties: object = field()",
    ),
    Mutation(
        "no task token in a repr", "asked", 'field(default="", repr=False)', 'field(default="")'
    ),
]

OWNERSHIP = [
    Mutation(
        "claim before create",
        "applying",
        "    with claimed(ports, _record(ports, request, Outcome.CREATED), record) as claim:\n",
        "    seen = record.seen if record else Seen()\n"
        "    claim = replace(_record(ports, request, Outcome.CREATED), seen=seen)\n"
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
        "a claim is forgotten where its connection is not ours",
        "provisioning",
        "                ports.registry.remove(record)  #",
        "                pass  #",
        USE_CASES,
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
        "            ports.registry.write(released(held))\n",
        "            pass\n",
    ),
    Mutation("lease: expiry", "ownership", " and now < self.leased_until", "", OWNERS),
    Mutation(
        "lease: writers keep off",
        "provisioning",
        "    _refuse_leased(ports, record)\n",
        "",
        USE_CASES,
    ),
    Mutation(
        "lease: deleters keep off",
        "deleting",
        "if record.is_leased_to_other(ports.holder, now)",
        "if False",
    ),
    Mutation(
        "lease: waiting for it",
        "provisioning",
        " or next(waiting, None) is None",
        " or True",
        USE_CASES,
    ),
    Mutation(
        "tombstone of the own connection",
        "deleting",
        "        ports.registry.write(_tombstone(ports, request, held))\n",
        "        ports.registry.remove(held)\n",
    ),
    Mutation(
        "tombstone of a never-seen name",
        "deleting",
        "    ports.registry.write(_with_deletion(ports, request, name, records[name]))\n",
        "",
    ),
    Mutation(
        "tombstone's lifetime", "ownership", "timedelta(hours=24)", "timedelta(days=999)", OWNERS
    ),
    Mutation(
        "newest wins: Create and Update",
        "provisioning",
        "if known and _is_superseded(ports, request, known)",
        "if False",
        ("newest_wins",),
    ),
    Mutation(
        "newest wins: Delete",
        "deleting",
        "if record.supersedes(request.owner, request.request_time, now)",
        "if False",
    ),
    Mutation(
        "newest wins: noted on Unchanged",
        "applying",
        "final = replace(released(record), request_time=newest)",
        "final = released(record)",
        ("newest_wins",),
    ),
    Mutation(
        "newest wins: noted before an update",
        "applying",
        "known = replace(record, connection_arn=connection.arn, request_time=newest)",
        "known = replace(record, connection_arn=connection.arn)",
        ("newest_wins",),
    ),
    Mutation(
        "newest wins: noted before a deletion",
        "deleting",
        "leased(ports, replace(record, request_time=newest))",
        "leased(ports, record)",
    ),
    Mutation(
        "tombstone under another owner's record",
        "deleting",
        "deletions={**known, request.owner: asked_at}",
        "deletions=before.deletions",
    ),
    Mutation(
        "tombstones of others are remembered",
        "ownership",
        "        known[before.owner] = before.request_time\n",
        "        pass\n",
        ("found_in_lives",),
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
        "applying",
        "        and not record.lease_holder",
        "        and True",
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
        "provisioning",
        "if connection and connection.state == ConnectionState.DELETING",
        "if False",
    ),
    Mutation(
        "leftovers after an update",
        "applying",
        "if not is_moving(connection.state, request.properties) and any(",
        "if False and any(",
        USE_CASES,
    ),
    Mutation(
        "SecureStrings are no plain values",
        "resolution",
        "if is_secret and is_plain_wanted",
        "if False",
        USE_CASES,
    ),
    Mutation(
        "what an update refers to and is not there",
        "applying",
        "        if ports.connections.describe(request.name):\n            raise\n",
        "",
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
        "provisioning",
        "seen.state == ConnectionState.DELETING",
        "False",
        USE_CASES,
    ),
    Mutation(
        "a deletion is awaited",
        "deleting",
        "not (seen and is_same(record, seen)), seconds",
        "True, seconds",
        USE_CASES,
    ),
    Mutation(
        "what was adopted is released", "deleting", "if record.is_adopted", "if False", USE_CASES
    ),
    Mutation(
        "a recreated namesake is not deleted",
        "deleting",
        "if connection is None or not is_same(record, connection)",
        "if connection is None",
        USE_CASES,
    ),
    Mutation(
        "foreign Delete ignored",
        "deleting",
        "if record and record.owner == request.owner and",
        "if record and",
        USE_CASES,
    ),
    Mutation(
        "made-up ids lead to the name in the properties",
        "request",
        "other_name=_named(properties) or asked.derived_name",
        'other_name=""',
        USE_CASES,
    ),
    Mutation(
        "AlreadyExists after a lost answer",
        "applying",
        "    except AlreadyExistsError:\n",
        "    except ZeroDivisionError:\n",
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
        "applying",
        "or record.last_modified_time == connection.last_modified_time",
        "or True",
        USE_CASES,
    ),
    Mutation(
        "bad states are failures",
        "stabilizing",
        "if connection.state in BAD",
        "if False",
        USE_CASES,
    ),
    Mutation(
        "running out of time is told",
        "stabilizing",
        "if seconds > 0 and is_moving",
        "if False and is_moving",
        USE_CASES,
    ),
    Mutation(
        "a bad connection is written again",
        "applying",
        "        and connection.state not in (*BAD, ConnectionState.DEAUTHORIZING)\n",
        "",
    ),
    Mutation(
        "the name's prefix",
        "properties",
        "if isinstance(name, str) and not name.startswith(prefix)",
        "if False",
        ("request",),
    ),
]

MUTATIONS = [*ANSWERS, *CALLS, *QUEUE, *SECRETS, *OWNERSHIP]
