"""The same question through boto3 and through the aws CLI, its own program run in this process for speed."""

import contextlib, datetime, io, json

import boto3
from awscli.clidriver import create_clidriver
from botocore import xform_name
from botocore.exceptions import ClientError

from aws_model import watch


def plain(value):
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items() if key != 'ResponseMetadata'}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value.timestamp() if isinstance(value, datetime.datetime) else value


def by_boto3(service):
    client = watch(boto3.client(service))

    def ask(operation, **arguments):
        try:
            return plain(getattr(client, xform_name(operation))(**arguments))
        except ClientError as error:
            return error.response['Error']['Code']

    return ask


CLI = create_clidriver()


def times(value):
    """The command line writes them as ISO 8601."""
    if isinstance(value, dict):
        return {key: times(one) for key, one in value.items()}
    if isinstance(value, list):
        return [times(one) for one in value]
    try:
        return datetime.datetime.fromisoformat(value).timestamp() if isinstance(value, str) and 'T' in value else value
    except ValueError:
        return value


def by_cli(service):
    def ask(operation, **arguments):
        out, err = io.TextIOWrapper(io.BytesIO(), encoding='utf-8', write_through=True), io.StringIO()
        given = json.dumps(arguments, default=lambda value: value.isoformat())
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = CLI.main([service, xform_name(operation, '-'), '--cli-input-json', given, '--output', 'json', '--no-paginate'])
        if code != 0:
            assert '(' in err.getvalue(), err.getvalue()
            return err.getvalue().split('(')[1].split(')')[0]
        text = out.buffer.getvalue().decode()
        return times(plain(json.loads(text))) if text.strip() else {}

    return ask


def both(service):
    """Two callables of an operation's name and its arguments: the answer, or the code of the failure."""
    return [by_boto3(service), by_cli(service)]
