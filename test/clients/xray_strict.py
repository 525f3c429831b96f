"""boto3's X-Ray client whose every answer is held against botocore's own service model: no member that the model does
not name, every value of the model's type. What `from xray_strict import *` gives the tests' Python."""

import datetime
import json
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from aws_model import watch

answers = []

xray = boto3.client("xray", config=Config(retries={"max_attempts": 1}))
watch(xray, answers.append)


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
