import logging


def handler(event, context):
    logging.getLogger().info("request %s", context.request_id)
    return "hello world"
