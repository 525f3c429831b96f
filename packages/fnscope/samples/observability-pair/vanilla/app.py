import requests

from registry import users_url


def submit_user(user):
    response = requests.post(users_url(), json=user, timeout=5)
    response.raise_for_status()
    return response.status_code


def handler(event, context):
    status = submit_user(event)
    print(f"[Success] Added user {event['first_name']} {event['last_name']} ({event['user_id']}): {status}")
    return {"status_code": status, **event}
