"""What AWS answers when it refuses."""

FAULTS = ("InternalException", "InternalFailure", "ServiceUnavailable")


class AwsError(Exception):
    """When AWS refuses: its code, its text, its HTTP status."""

    def __init__(self, code: str, message: str = "", status: int | None = None) -> None:
        """Keep what becomes the answer."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status or (500 if code in FAULTS else 400)


def invalid(message: str) -> AwsError:
    """Make the refusal of a request that is not as it should be."""
    return AwsError("ValidationException", message)


def not_found(verb: str, name: str) -> AwsError:
    """Make the refusal of a name that is not there; recorded for Describe."""
    return _failed("ResourceNotFoundException", verb, f"Connection '{name}' does not exist.")


def already_exists(name: str) -> AwsError:
    """Make the refusal of a name that is taken; the text is unrecorded."""
    text = f"A connection with name '{name}' already exists."
    return _failed("ResourceAlreadyExistsException", "create", text)


def modified_concurrently(verb: str, name: str) -> AwsError:
    """Make the refusal of a change during another; recorded for Update."""
    text = f"Connection '{name}' was modified concurrently."
    return _failed("ConcurrentModificationException", verb, text)


def limit_exceeded() -> AwsError:
    """Make the refusal of one connection too many; the text is a third party's."""
    return AwsError(
        "LimitExceededException", "The requested resource exceeds the maximum number allowed"
    )


def _failed(code: str, verb: str, text: str) -> AwsError:
    return AwsError(code, f"Failed to {verb} the connection(s). {text}")
