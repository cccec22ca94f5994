"""One error tells everything that is wrong, as far as an error can be told at all."""

import pytest

from handler.errors import InvalidRequestError, SecretNotUsableError
from handler.requests.violation import Violation, joined, refuse, unknown_member
from handler.settings import LONGEST_RESULT_REASON

HIDDEN = "(a member whose name is not shown)"


def reason(violations: list[Violation]) -> str:
    """Give the reason of the one error."""
    with pytest.raises(InvalidRequestError) as raised:
        refuse(violations)
    return raised.value.reason


def test_every_violation_is_told_once() -> None:
    """In order, those without a path, too."""
    assert (
        reason([Violation("A", "x"), Violation("", "y"), Violation("A", "x")]) == "(1) A: x (2) y"
    )


def test_a_single_violation_has_no_number() -> None:
    """Semicolons stand in it as they like."""
    assert reason([Violation("A", "x; y")]) == "A: x; y"


def test_nothing_wrong_is_no_error() -> None:
    """The usual case."""
    refuse([])


def test_an_error_is_of_the_class_asked_for() -> None:
    """What came out of a secret is no fault of the request."""
    with pytest.raises(SecretNotUsableError):
        refuse([Violation("A", "x")], SecretNotUsableError)


def test_however_many_violations_there_are_the_first_are_told() -> None:
    """And how many more there are."""
    told = reason([Violation(f"A[{number}]", "x" * 90) for number in range(5_000)])
    assert told.startswith("(1) A[0]: x")
    shown = told.count("A[")
    assert told.endswith(f" and {5_000 - shown} more")
    assert shown > 100
    assert len(told) < 1.1 * LONGEST_RESULT_REASON


def test_a_single_long_violation_is_told() -> None:
    """Better than none."""
    told = reason([Violation("A", "x" * LONGEST_RESULT_REASON), Violation("B", "y")])
    assert told.startswith("A: x")
    assert told.endswith("x and 1 more")


@pytest.mark.parametrize(("spare", "end"), [(0, "y"), (-1, " and 1 more")])
def test_what_just_fits_is_told(spare: int, end: str) -> None:
    """And what is one character longer is counted."""
    longest = Violation("", "x" * (LONGEST_RESULT_REASON - 1 - spare))
    assert reason([longest, Violation("", "y")]).endswith(end)


@pytest.mark.parametrize(
    ("path", "name", "expected"),
    [
        ("", "Name", "Name"),
        ("A.B[0]", "Name", "A.B[0].Name"),
        ("A", "N" * 40, "A." + "N" * 40),
        ("A", "N" * 41, f"A.{HIDDEN}"),
        ("A", "a name", f"A.{HIDDEN}"),
        ("A", "name1", f"A.{HIDDEN}"),
        ("A", "a_name", f"A.{HIDDEN}"),
        ("A", "Größe", f"A.{HIDDEN}"),
        ("", "", HIDDEN),
        ("A", 5, f"A.{HIDDEN}"),
    ],
)
def test_a_name_that_is_none_is_not_repeated(path: str, name: object, expected: str) -> None:
    """A credential may stand where a name belongs."""
    assert joined(path, name) == expected


def test_underscores_do_not_hide_what_a_member_resembles() -> None:
    """Who writes Python's or a shell's names means the same member."""
    assert unknown_member("", "n__a__m__e", ["Name"]).problem.endswith("did you mean Name?")
