"""The tree of errors is the contract's."""

import inspect

import pytest

from handler import errors
from handler.errors import NotStabilizedError, ProvisionerError, TransientError

FINAL = {
    "InvalidRequest",
    "AlreadyExists",
    "NotFound",
    "AccessDenied",
    "ServiceLimitExceeded",
    "NotStabilized",
    "SecretNotUsable",
    "Superseded",
}
TRANSIENT = {"ResourceConflict", "Throttling", "ServiceInternalError", "NetworkFailure"}
ROOTS = (ProvisionerError, TransientError)


def classes() -> dict[str, type[ProvisionerError]]:
    """Give the error classes that a requester can meet, by their codes."""
    found = [each for _, each in inspect.getmembers(errors, inspect.isclass)]
    met = [each for each in found if issubclass(each, ProvisionerError) and each not in ROOTS]
    return {each("x").code: each for each in met}


def test_the_error_classes_are_the_contracts_codes() -> None:
    """No more, no fewer, each with the patience that it deserves."""
    assert set(classes()) == FINAL | TRANSIENT
    assert {code for code, each in classes().items() if each.is_transient} == TRANSIENT


@pytest.mark.parametrize("code", sorted(FINAL | TRANSIENT))
def test_an_error_tells_its_code_and_its_reason(code: str) -> None:
    """The class's name is the code, and ends in "Error", for Step Functions to match."""
    error = classes()[code]("because")
    assert (error.code, error.reason, str(error), error.created_name) == (
        code,
        "because",
        "because",
        "",
    )
    assert type(error).__name__ == code.removesuffix("Error") + "Error"


def test_every_class_is_in_the_drawn_tree() -> None:
    """The module's docstring shows them all."""
    assert errors.__doc__ is not None
    drawn = {word for word in errors.__doc__.split() if word.endswith("Error")}
    names = [code.removesuffix("Error") for code in classes()]
    assert drawn == {f"{name}Error" for name in ("Provisioner", "Transient", *names)}


def test_not_stabilized_is_transient_only_where_it_is_said() -> None:
    """On the queue, while the connection still moves."""
    assert not NotStabilizedError("x").is_transient
    assert NotStabilizedError("x", is_transient=True).is_transient
    assert not NotStabilizedError("x").is_transient


def test_a_connection_that_did_not_settle_is_none_of_the_special_ones_unless_said() -> None:
    """Each of these makes somebody more patient."""
    error = NotStabilizedError("crm is AUTHORIZING")
    assert (error.is_transient, error.is_moving, error.is_private) == (False, False, False)


def test_an_error_that_aws_did_not_answer_has_no_code_of_its() -> None:
    """And nothing that it failed at may have been carried out."""
    error = ProvisionerError("x")
    assert (error.aws_code, error.created_name, error.has_unknown_end) == ("", "", False)
