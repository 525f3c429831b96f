import requests
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit

from registry import users_url

logger = Logger()
metrics = Metrics()
tracer = Tracer(patch_modules=["requests"])


@tracer.capture_method
def submit_user(user):
    tracer.put_annotation(key="user_id", value=user["user_id"])
    tracer.put_metadata(key="user", value=user)
    response = requests.post(users_url(), json=user, timeout=5)
    response.raise_for_status()
    return response.status_code


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event, context):
    status = submit_user(event)
    logger.info({"detail": "submit_user successful", **event})
    metrics.add_metric(name="SuccessfulSubmission", unit=MetricUnit.Count, value=1)
    return {"status_code": status, **event}
