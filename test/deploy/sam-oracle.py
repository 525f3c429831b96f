# Every template of the JSON list on standard input through aws-sam-translator; the list of results on standard output.
import json
import os
import sys

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator


def translate(case):
    try:
        return Translator({}, Parser()).translate(case["template"], case["parameters"])
    except InvalidDocumentException as error:
        return {"error": error.message + " " + " ".join(cause.message for cause in error.causes)}


json.dump([translate(case) for case in json.load(sys.stdin)], sys.stdout)
