"""Holds every answer that a boto3 client is given in JSON against its service model: no member that the model does not name,
none missing that it requires, every value of the model's type. botocore itself lets all of that pass."""

import json


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
        assert value != "" or not where.lower().endswith("nexttoken"), f"{where} is empty"
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


def watch(client, seen=lambda operation: None):
    """From now on an answer that is not the model's is an AssertionError; `seen` is told of each that was checked."""

    def before_parse(operation_model, response_dict, **_):
        kind = response_dict["headers"].get("content-type", "application/json")
        if response_dict["status_code"] >= 300 or "json" not in kind:
            return
        shape = operation_model.output_shape
        body = json.loads(response_dict["body"] or "{}")
        if shape is None:
            assert body == {}, f"{operation_model.name}: {body!r}, and the model has no answer"
        else:
            check(body, shape, operation_model.name)
        seen(operation_model.name)

    client.meta.events.register("before-parse", before_parse)
    return client
