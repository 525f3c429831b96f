# Writers of CloudWatch as boto3 has them; a protocol can be forced where botocore's own choice is another.
import datetime, json, sys, time
import boto3
from botocore.exceptions import ClientError
from botocore.loaders import Loader

from aws_model import watch

def answer(value):
    print(json.dumps(value, default=str))

def failure(call, **arguments):
    """[code, status] of a call that must fail."""
    try:
        call(**arguments)
    except ClientError as error:
        return [error.response['Error']['Code'], error.response['ResponseMetadata']['HTTPStatusCode'], error.response['Error']['Message']]
    return ['taken', 200, '']

def client_of(protocol):
    """A CloudWatch client that speaks this protocol alone: botocore's own serializers and parsers."""
    session = boto3.Session()
    load = Loader.load_service_model
    def only(self, service_name, type_name, api_version=None):
        model = load(self, service_name, type_name, api_version)
        if service_name == 'cloudwatch' and type_name == 'service-2':
            model = {**model, 'metadata': {**model['metadata'], 'protocol': protocol, 'protocols': [protocol]}}
        return model
    Loader.load_service_model = only
    try:
        return watch(session.client('cloudwatch'))
    finally:
        Loader.load_service_model = load

logs = watch(boto3.client('logs'))
now_ms = int(time.time() * 1000)
request = json.load(sys.stdin)
