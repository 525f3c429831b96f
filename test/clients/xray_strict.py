"""boto3's X-Ray client whose every answer is held against botocore's own service model: no member that the model does
not name, every value of the model's type. What `from xray_strict import *` gives the tests' Python."""

import datetime
import json
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

answers = []


def check(value, shape, where):
    kind = shape.type_name
    if kind == "structure":
        assert isinstance(value, dict), f"{where}: {value!r} is no object"
        for name, member in value.items():
            assert name in shape.members, f"{where}.{name} is not in the model"
            check(member, shape.members[name], f"{where}.{name}")
        for name in shape.required_members:
            assert name in value, f"{where}.{name} is missing"
    elif kind == "list":
        assert isinstance(value, list), f"{where}: {value!r} is no list"
        for i, member in enumerate(value):
            check(member, shape.member, f"{where}[{i}]")
    elif kind == "map":
        assert isinstance(value, dict), f"{where}: {value!r} is no map"
        for name, member in value.items():
            check(name, shape.key, f"{where} key")
            check(member, shape.value, f"{where}.{name}")
    elif kind == "string":
        assert isinstance(value, str), f"{where}: {value!r} is no string"
        assert value != "" or not where.endswith("NextToken"), f"{where} is empty"
        allowed = getattr(shape, "enum", None)
        assert not allowed or value in allowed, f"{where}: {value!r} is none of {allowed}"
    elif kind in ("integer", "long"):
        assert type(value) is int, f"{where}: {value!r} is no integer"
    elif kind in ("double", "float"):
        assert type(value) in (int, float), f"{where}: {value!r} is no number"
    elif kind == "boolean":
        assert type(value) is bool, f"{where}: {value!r} is no boolean"
    elif kind == "timestamp":
        assert type(value) in (int, float), f"{where}: {value!r} is no epoch seconds"
    else:
        raise AssertionError(f"{where}: {kind} is not checked")


def _before_parse(operation_model, response_dict, **_):
    if response_dict["status_code"] >= 300:
        return
    raw = json.loads(response_dict["body"])
    check(raw, operation_model.output_shape, operation_model.name)
    answers.append(operation_model.name)


xray = boto3.client("xray", config=Config(retries={"max_attempts": 1}))
xray.meta.events.register("before-parse.xray.*", _before_parse)


def refused(call, **arguments):
    """The error code and message with which the call is refused."""
    try:
        call(**arguments)
    except ClientError as error:
        return [error.response["Error"]["Code"], error.response["Error"]["Message"]]
    return None


def _plain(value):
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    raise TypeError(repr(value))


def answer(value):
    """The test's answer: JSON on standard output. Only a client whose answers were checked may give one."""
    assert answers, "no answer was checked against the model"
    print(json.dumps(value, default=_plain))


request = json.loads(sys.stdin.read() or "null")
