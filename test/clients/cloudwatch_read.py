# What readers of CloudWatch do, as boto3 has it.
from cloudwatch_write import *

def tail(group, until, limit=200):
    """The aws CLI's `logs tail --follow`: the same arguments from poll to poll, and events told apart by their ids."""
    arguments = {'logGroupName': group, 'startTime': now_ms - 60_000, 'interleaved': True}
    seen, lines = {}, []
    for _ in range(limit):
        page = logs.filter_log_events(**arguments)
        for event in page['events']:
            ids = seen.setdefault(event['timestamp'], set())
            if event['eventId'] not in ids:
                ids.add(event['eventId'])
                lines.append(event['message'])
        if 'nextToken' in page:
            arguments['nextToken'] = page['nextToken']
        else:
            arguments.pop('nextToken', None)
            if seen:
                arguments['startTime'] = max(seen)
            if until in lines:
                return lines
            time.sleep(0.05)
    raise Exception('never saw %s in %s' % (until, lines))

def eventually(ask, seconds=60):
    end = time.time() + seconds
    while time.time() < end:
        found = ask()
        if found:
            return found
        time.sleep(0.1)
    raise Exception('nothing found')
