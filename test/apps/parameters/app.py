"""Answers with its parameter and what it was sent; fails when asked to."""

import os


def handler(event, context):
    print("greeting", event)
    if event.get("fail"):
        raise ValueError("asked to fail")
    return {"greeting": os.environ["GREETING"], "event": event}
