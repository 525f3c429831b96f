"""Runs a command in a terminal of its own and answers what it asks: Enter, or what a rule says.

python answer_prompts.py '[["authentication", "y"]]' sam deploy --guided
Prints all that the command printed; ends with its status.
"""

import json
import os
import pty
import re
import select
import sys
import time

QUESTION = re.compile(r"(\]|\?|\)) ?:? ?$")
QUIET_SECONDS = 0.5
PATIENCE_SECONDS = 600

rules = [(re.compile(pattern), answer) for pattern, answer in json.loads(sys.argv[1])]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])

printed = ""
since = 0
deadline = time.monotonic() + PATIENCE_SECONDS
while time.monotonic() < deadline:
    ready, _, _ = select.select([terminal], [], [], QUIET_SECONDS)
    if ready:
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            break
        if not piece:
            break
        printed += piece.decode("utf-8", "replace")
        sys.stdout.write(piece.decode("utf-8", "replace"))
        sys.stdout.flush()
        continue
    # It is silent: a question on the last line waits for its answer.
    asked = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", printed[since:]).split("\n")[-1].strip()
    if asked and QUESTION.search(asked):
        answer = next((text for pattern, text in rules if pattern.search(asked)), "")
        os.write(terminal, (answer + "\n").encode())
        since = len(printed)

_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status))
