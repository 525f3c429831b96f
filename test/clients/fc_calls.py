# Calls of Function Compute by its own clients, the newer and the older; prints what they saw as JSON.
import json
import sys

import fc2
from alibabacloud_fc20230330.client import Client
from alibabacloud_fc20230330 import models
from alibabacloud_tea_openapi.models import Config
from alibabacloud_tea_util.models import RuntimeOptions

url = sys.argv[1]
host = url.split("//")[1]
client = Client(
    Config(access_key_id="test", access_key_secret="test", region_id="cn-hangzhou", endpoint=host, protocol="http")
)


def invoke(name, body, **headers):
    answer = client.invoke_function_with_options(
        name,
        models.InvokeFunctionRequest(body=body, qualifier="LATEST"),
        models.InvokeFunctionHeaders(**headers),
        RuntimeOptions(),
    )
    return {
        "status": answer.status_code,
        "headers": {name.lower(): value for name, value in answer.headers.items()},
        "body": answer.body.read().decode() if answer.body is not None else "",
    }


def failure(call):
    try:
        call()
        return None
    except Exception as error:
        return {"code": getattr(error, "code", None), "text": str(error)}


old = fc2.Client(endpoint=url, accessKeyID="test", accessKeySecret="test")


def invoke_old(service, name, payload, headers=None):
    answer = old.invoke_function(service, name, payload=payload, headers=headers)
    return {"headers": {name.lower(): value for name, value in answer.headers.items()}, "body": answer.data.decode()}


print(
    json.dumps(
        {
            "sync": invoke("echo", b"hello", x_fc_log_type="Tail"),
            "async": invoke("echo", b"later", x_fc_invocation_type="Async"),
            "tried": [invoke("tried", body, x_fc_invocation_type="Async") for body in (b"fail", b"work")],
            "error": invoke("broken", b""),
            "missing": failure(lambda: invoke("nope", b"")),
            "listed": [each.function_name for each in client.list_functions(models.ListFunctionsRequest()).body.functions],
            "old": invoke_old("svc", "old-echo", b"payload", {"x-fc-log-type": "Tail"}),
            "old_missing": failure(lambda: invoke_old("svc", "nope", b"")),
            "old_services": [each["serviceName"] for each in old.list_services().data["services"]],
        }
    )
)
