import json
import os
import time
from decimal import Decimal


def say(level, message, **fields):
    print(json.dumps({"level": level, "message": message, **fields}, ensure_ascii=False))


def measure(name, value, unit, **dimensions):
    metric = {"Namespace": "Shop", "Dimensions": [list(dimensions)], "Metrics": [{"Name": name, "Unit": unit}]}
    print(json.dumps({"_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [metric]}, name: value, **dimensions}))


def orders(event, context):
    order = {"id": event.get("id", 1), "currency": os.environ["CURRENCY"]}
    say("INFO", "order taken", order=order, customer=event.get("customer", "café 客户"))
    say("DEBUG", "stock looked up", order=order, items=event.get("items", 1))
    print("plain line of order", order["id"])
    measure("OrderValue", float(Decimal("10.5") * event.get("items", 1)), "Count", country=event.get("country", "DE"))
    if event.get("fail"):
        say("ERROR", "order refused", order=order)
        raise ValueError("out of stock <b>now</b>")
    return {"order": order, "currency": os.environ["CURRENCY"]}


def payments(event, context):
    say("WARN", "slow bank", bank="<script>alert(1)</script>")
    return {"paid": True, "currency": os.environ.get("CURRENCY"), "memory": os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]}
