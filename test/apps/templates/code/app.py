"""Handlers of every template here: each answers what its template is to show."""

import json
import os


def echo(event, context):
    return event


def env(event, context):
    return {name: os.environ.get(name) for name in event["names"]}


def named(event, context):
    return {"name": context.function_name, "memory": int(context.memory_limit_in_mb)}


def http(event, context):
    method = event.get("httpMethod") or event["requestContext"]["http"]["method"]
    path = event.get("path") or event["rawPath"]
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps([method, path])}


def layered(event, context):
    import shared

    return shared.VALUE
