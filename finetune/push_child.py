"""What pushes for `pushing`: a process of its own, so that it can be killed.

    python -m finetune.push_child

One JSON request on standard input; one JSON line on standard output: {"pushed": address} or
{"error": code, "values": {…}}. The token comes with the request and stays in memory.
"""

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from finetune.push import push
from finetune.run import Run
from inference.errors import LabError


def answer(request: dict[str, Any]) -> dict[str, Any]:
    run = Run(Path(request.pop("folder")))
    try:
        return {"pushed": push(run, **request)}
    except LabError as error:
        return {"error": error.code(), "values": error.values}
    except Exception as error:  # named only: a text of the client might repeat what it was sent
        return {"error": "push_failed", "values": {"reason": type(error).__name__}}


def main() -> None:
    request, out = json.load(sys.stdin), sys.stdout
    sys.stdout = sys.stderr  # what packages print is not our line
    # Also where the app was killed and nobody else will end this process.
    end = threading.Timer(request.pop("seconds"), os._exit, [1])
    end.daemon = True
    end.start()
    print(json.dumps(answer(request)), file=out, flush=True)
    os._exit(0)  # without waiting for connections and threads that hang


if __name__ == "__main__":
    main()
