"""Handlers for the tests of security and of bad input."""
import json
import os


def mark(event, context):
    """Leaves a line for each invocation, so that a test can tell that there was none."""
    print("MARK", json.dumps(event.get("mark", event.get("path"))))
    return {"statusCode": 200, "body": json.dumps({"secret": "only for callers that may read"})}


def environment(event, context):
    return dict(os.environ)


def paint(event, context):
    """What could take over a terminal that prints it as it is."""
    print("\x1b[2J\x1b]0;owned\x07red\x1b[31m \x9b31m bell\x07 back\b\x08 \u202egnp.exe")
    return "\x1b[2Jpainted"
