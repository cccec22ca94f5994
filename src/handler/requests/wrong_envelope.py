"""Requests that arrive inside another service's envelope: recognized, and refused with the cure."""

from handler.requests.violation import Violation


def wrong_envelope(document: object) -> Violation | None:
    """Recognize another service's envelope, and say how to send its content."""
    match document:
        case {"TopicArn": _, "Message": _} | {"Records": [{"EventSource": "aws:sns"}, *_]}:
            cure = "turn on raw message delivery of the queue's subscription"
            made_by = "an SNS notification", cure
        case {"detail-type": _, "detail": _}:
            made_by = "an EventBridge event", "give the rule's target InputPath: $.detail"
        case {"requestContext": _}:
            made_by = "an API Gateway request", "send its body alone"
        case {"Records": [{"eventSource": "aws:sqs"}, *_]}:
            made_by = "an SQS event", "send the body of each record alone"
        case {"Records": [{"eventSource": "aws:s3"}, *_]} | {"Event": "s3:TestEvent"}:
            made_by = "an S3 event", "send the object's content"
        case {"eventSource": _}:
            made_by = (
                "an event record of a pipe",
                "give the pipe's target an InputTemplate, such as <$.body>",
            )
        case _:
            return None
    return Violation("", f"this is {made_by[0]}, not a connection request; {made_by[1]}")
