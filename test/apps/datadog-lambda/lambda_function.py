from datadog_lambda.metric import lambda_metric
from ddtrace import tracer


def lambda_handler(event, context):
    with tracer.trace("order.validate", service="orders", resource="validate") as span:
        span.set_tag("order.id", event.get("order", "A-1"))
    lambda_metric("coffee_house.order_value", 12.45, tags=["product:latte"])
    print("order " + event.get("order", "A-1") + " taken")
    if event.get("fail"):
        raise ValueError("boom")
    return {"statusCode": 200, "body": "ok"}
