# The runtime of Function Compute for Python handlers: asks fnscope for requests, runs the handler, answers. It runs under
# the function's own interpreter, from 3.6 on, and needs nothing but the standard library.
import base64
import http.client
import importlib
import inspect
import io
import json
import logging
import os
import signal
import struct
import sys
import time
import traceback

API = os.environ.pop("_FNSCOPE_RUNTIME_API")
CODE = os.environ["FC_FUNC_CODE_PATH"]
PREFIX = "/2018-06-01/runtime/invocation/"


class Ended(BaseException):
    """SIGTERM: whatever is under way is left."""


class Credentials(object):
    def __init__(self, headers):
        self.access_key_id = self.accessKeyId = headers["x-fc-access-key-id"]
        self.access_key_secret = self.accessKeySecret = headers["x-fc-access-key-secret"]
        self.security_token = self.securityToken = headers["x-fc-security-token"]

    def to_dict(self):
        return {
            "accessKeyId": self.access_key_id,
            "accessKeySecret": self.access_key_secret,
            "securityToken": self.security_token,
        }


class Function(object):
    def __init__(self, headers):
        self.name = headers["x-fc-function-name"]
        self.handler = headers["x-fc-function-handler"]
        self.memory = int(headers["x-fc-function-memory"])
        self.timeout = int(headers["x-fc-function-timeout"])


class Service(object):
    def __init__(self, headers):
        self.name = headers["x-fc-service-name"]
        self.log_project = self.logProject = headers["x-fc-service-logproject"]
        self.log_store = self.logStore = headers["x-fc-service-logstore"]
        self.qualifier = headers["x-fc-qualifier"]
        self.version_id = self.versionId = headers["x-fc-version-id"]

    def to_dict(self):
        return {
            "name": self.name,
            "logProject": self.log_project,
            "logStore": self.log_store,
            "qualifier": self.qualifier,
            "versionId": self.version_id,
        }


class Tracing(object):
    def __init__(self, headers):
        self.span_context = headers["x-fc-tracing-opentracing-span-context"]
        self.jaeger_endpoint = headers["x-fc-tracing-jaeger-endpoint"]
        self.span_baggages = self.parse_opentracing_baggages(headers["x-fc-tracing-opentracing-span-baggages"])

    @staticmethod
    def parse_opentracing_baggages(encoded):
        if not encoded:
            return {}
        try:
            return json.loads(base64.b64decode(encoded).decode("utf-8"))
        except ValueError:
            return {}

    def to_dict(self):
        return {
            "openTracingSpanContext": self.span_context,
            "openTracingSpanBaggages": self.span_baggages,
            "jaegerEndpoint": self.jaeger_endpoint,
        }


class Context(object):
    def __init__(self, headers):
        self.request_id = self.requestId = headers["x-fc-request-id"]
        self.credentials = Credentials(headers)
        self.function = Function(headers)
        self.service = Service(headers)
        self.region = headers["x-fc-region"]
        self.account_id = self.accountId = headers["x-fc-account-id"]
        self.retry_count = int(headers["x-fc-retry-count"] or 0)
        self.instance_id = headers["x-fc-instance-id"]
        self.tracing = Tracing(headers)
        self.logger = logging.getLogger()

    def to_json(self):
        return json.dumps(
            {
                "requestId": self.request_id,
                "credentials": self.credentials.to_dict(),
                "function": vars(self.function),
                "service": self.service.to_dict(),
                "region": self.region,
                "accountId": self.account_id,
                "retryCount": self.retry_count,
                "tracing": self.tracing.to_dict(),
            }
        )


class LogHandler(logging.Handler):
    """As the cloud's lines look: time, request id, level, message. Lines go where print puts its own at that time."""

    request_id = ""

    def emit(self, record):
        try:
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            text = "%s.%03dZ %s [%s] %s\n" % (
                stamp,
                record.msecs,
                self.request_id,
                record.levelname,
                self.format(record),
            )
            sys.stdout.write(text)
            sys.stdout.flush()
        except Exception:
            self.handleError(record)


class Loader(object):
    """Handlers by name, each module imported at its first use, as `index.handler` and `dir/index.handler`."""

    def __init__(self):
        self.found = {}

    def load(self, name):
        if name not in self.found:
            module, _, function = name.rpartition(".")
            if not module:
                raise ImportError("handler '%s' names no module: write it as index.handler" % name)
            self.found[name] = getattr(importlib.import_module(module.replace("/", ".")), function)
        return self.found[name]


def wants_wsgi(handler, edition):
    """Handlers of HTTP functions are WSGI applications in edition 2; in 3 those that are written as one."""
    if edition == "2":
        return True
    try:
        names = list(inspect.signature(handler).parameters)
    except (TypeError, ValueError):
        return False
    return len(names) == 2 and names[1] == "start_response"


def wsgi_environ(head, body, context):
    request = head["http"]
    uri = request["path"] + ("?" + request["query"] if request["query"] else "")
    environ = {
        "REQUEST_METHOD": request["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": percent_decoded(request["path"]),
        "QUERY_STRING": request["query"],
        "REMOTE_ADDR": request["clientIp"],
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "fc.context": context,
        "fc.request_uri": uri,
    }
    for name, value in request["headers"]:
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ[key] = value
        elif key != "CONTENT_LENGTH":
            key = "HTTP_" + key
            environ[key] = environ[key] + "," + value if key in environ else value
    host = environ.get("HTTP_HOST", "")
    if ":" in host:
        environ["SERVER_NAME"], environ["SERVER_PORT"] = host.rsplit(":", 1)
    elif host:
        environ["SERVER_NAME"] = host
    return environ


def percent_decoded(path):
    # WSGI's native strings hold bytes as Latin-1.
    from urllib.parse import unquote_to_bytes

    return unquote_to_bytes(path).decode("latin-1")


def call_wsgi(handler, head, body, context):
    said = {}
    written = []

    def start_response(status, headers, exc_info=None):
        said["status"] = int(status.split(" ", 1)[0])
        said["headers"] = [[name, value] for name, value in headers]
        return written.append

    chunks = handler(wsgi_environ(head, body, context), start_response)
    try:
        for chunk in chunks or []:
            written.append(chunk)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    if "status" not in said:
        raise RuntimeError("The handler did not call start_response")
    data = b"".join(chunk if isinstance(chunk, bytes) else chunk.encode("utf-8") for chunk in written)
    return {"http": said}, data


def http_event(head, body, context):
    """What an HTTP trigger of edition 3 hands to an event handler: JSON bytes."""
    from urllib.parse import parse_qsl, unquote

    request = head["http"]
    path = unquote(request["path"])
    try:
        text, encoded = body.decode("utf-8"), False
    except UnicodeDecodeError:
        text, encoded = base64.b64encode(body).decode("ascii"), True
    headers = {}
    for name, value in request["headers"]:
        key = "-".join(part.capitalize() for part in name.split("-"))
        headers[key] = headers[key] + "," + value if key in headers else value
    now = time.time()
    event = {
        "version": "v1",
        "rawPath": path,
        "body": text,
        "isBase64Encoded": encoded,
        "headers": headers,
        "queryParameters": dict(parse_qsl(request["query"], keep_blank_values=True)),
        "requestContext": {
            "accountId": context.account_id,
            "domainName": headers.get("Host", ""),
            "domainPrefix": headers.get("Host", "").split(".")[0],
            "http": {
                "method": request["method"],
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": request["clientIp"],
                "userAgent": headers.get("User-Agent", ""),
            },
            "requestId": context.request_id,
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
            "timeEpoch": str(int(now * 1000)),
        },
    }
    return json.dumps(event).encode("utf-8")


def to_bytes(value):
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8")
    return json.dumps(value).encode("utf-8")


def error_of(error):
    """As the cloud shows an exception: each frame of the function's own code as a list of its parts."""
    stack = [
        ['File "%s"' % frame.filename, "line %d" % (frame.lineno or 0), "in %s" % frame.name, frame.line or ""]
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename != __file__ and "importlib" not in frame.filename
    ]
    return {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": stack}


class Runtime(object):
    def __init__(self):
        host, _, port = API.rpartition(":")
        self.connection = http.client.HTTPConnection(host, int(port))
        self.loader = Loader()
        self.edition = os.environ.pop("_FNSCOPE_FC_EDITION", "3")
        self.initialized = False
        self.headers = None
        self.log = LogHandler()
        root = logging.getLogger()
        root.addHandler(self.log)
        root.setLevel(logging.INFO)

    def ask(self, method, path, body=None, headers=None):
        self.connection.request(method, path, body=body, headers=headers or {})
        response = self.connection.getresponse()
        return response, response.read()

    def serve(self):
        while True:
            response, data = self.ask("GET", PREFIX + "next")
            request_id = response.getheader("Lambda-Runtime-Aws-Request-Id")
            (length,) = struct.unpack(">I", data[:4])
            head = json.loads(data[4 : 4 + length].decode("utf-8"))
            self.headers = head["headers"]
            self.log.request_id = request_id
            try:
                answer, body = self.answer(head, data[4 + length :])
                said = json.dumps(answer).encode("utf-8")
            except Ended:
                raise
            except SystemExit:
                raise
            except BaseException as error:
                logging.getLogger().error("%s", "".join(traceback.format_exception(type(error), error, error.__traceback__)).rstrip())
                self.flush()
                self.ask(
                    "POST",
                    PREFIX + request_id + "/error",
                    json.dumps(error_of(error)).encode("utf-8"),
                    {"Lambda-Runtime-Function-Error-Type": "Function.UnhandledInvocationError"},
                )
                continue
            self.flush()
            self.ask("POST", PREFIX + request_id + "/response", struct.pack(">I", len(said)) + said + body)

    def answer(self, head, body):
        headers = head["headers"]
        context = Context(headers)
        control = headers["x-fc-control-path"]
        if control == "/pre-freeze":
            self.hook("x-fc-instance-lifecycle-pre-freeze-handler", context)
            return {}, b""
        # A process that died while it was idle has a successor that nobody has initialized yet.
        if not self.initialized:
            self.hook("x-fc-function-initializer", context)
            self.initialized = True
        if control == "/initialize":
            return {}, b""
        handler = self.loader.load(headers["x-fc-function-handler"])
        if "http" not in head:
            return {}, to_bytes(handler(body, context))
        if wants_wsgi(handler, self.edition):
            return call_wsgi(handler, head, body, context)
        return {}, to_bytes(handler(http_event(head, body, context), context))

    def hook(self, header, context):
        name = self.headers[header]
        if name:
            self.loader.load(name)(context)

    def pre_stop(self):
        if self.headers is None or not self.headers["x-fc-instance-lifecycle-pre-stop-handler"]:
            return
        context = Context(self.headers)
        print("FC PreStop Start RequestId: %s" % context.request_id)
        try:
            self.hook("x-fc-instance-lifecycle-pre-stop-handler", context)
        except Exception:
            traceback.print_exc()
        print("FC PreStop End RequestId: %s" % context.request_id)
        self.flush()

    @staticmethod
    def flush():
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (ValueError, OSError, AttributeError):
                pass


def on_term(_signal, _frame):
    raise Ended()


def main():
    sys.path.insert(0, CODE)
    signal.signal(signal.SIGTERM, on_term)
    runtime = Runtime()
    try:
        runtime.serve()
    except (Ended, OSError, http.client.HTTPException):
        # fnscope closed its side: this instance has had its last request.
        pass
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    runtime.pre_stop()


main()
