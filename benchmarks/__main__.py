"""How long a citizen waits, and what it costs: starts a system of its own, talks to it, prints the figures.

python -m benchmarks [messages]
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil

from bot.rasa import RasaClient
from kit.settings import ROOT
from tests.ports import free_port
from tests.stack import Citizen, Stack
from tests.unit.catalogue import portal_records

QUESTIONS = (
    "làm khai sinh cần giấy tờ gì",
    "dang ky ket hon o dau",
    "đổi bằng lái bao nhiêu tiền",
    "sang tên xe mấy ngày",
)


def rasa_turns(stack: Stack, count: int) -> list[float]:
    """Milliseconds of turns at Rasa's door, each by a new citizen: understanding, dialogue, action, database."""
    rasa = RasaClient(stack.settings.rasa_url, stack.environment["GATEWAY_SECRET"])
    times = []
    with closing(rasa):
        for number in range(count):
            started = time.perf_counter()
            rasa.ask(
                sender=f"bench:{uuid.uuid4()}",
                message=QUESTIONS[number % len(QUESTIONS)],
                message_id=uuid.uuid4().hex,
                channel="web",
                metadata={},
            )
            times.append((time.perf_counter() - started) * 1000)
    return times


def whole_path(stack: Stack, count: int) -> list[float]:
    """Milliseconds from a posted message to a reply that can be read, over the web chat."""
    times = []
    for number in range(count):
        with closing(Citizen(stack.url)) as citizen:
            started = time.perf_counter()
            citizen.say(QUESTIONS[number % len(QUESTIONS)])
            times.append((time.perf_counter() - started) * 1000)
    return times


def memory(stack: Stack) -> dict[str, int]:
    """Resident megabytes of each process; PostgreSQL's shared pages are counted once for each of its processes."""
    assert stack.process is not None
    found: dict[str, int] = {}
    supervisor: Any = psutil.Process(stack.process.pid)  # psutil types nothing
    for process in supervisor.children(recursive=True):
        line = " ".join(process.cmdline())
        name = next((name for name in ("rasa", "uvicorn", "worker", "postgres") if name in line), process.name())
        found[name] = found.get(name, 0) + process.memory_info().rss // 2**20
    return found


def national_import(folder: Path) -> str:
    """Seconds and peak megabytes of importing as many records as the whole country has, as a person does it."""
    snapshot = portal_records.write(folder / "snapshot.jsonl.gz", portal_records.many(5665))
    environment = os.environ | {"VAR_DIR": str(folder / "import"), "POSTGRES_PORT": str(free_port())}
    command = [sys.executable, "-m", "assembly", "procedures", "import", str(snapshot)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, cwd=ROOT)
    return next(line for line in done.stderr.splitlines() if "bộ nhớ cao nhất" in line).partition(". Báo cáo")[0]


def spread(times: list[float]) -> str:
    """Median and 95th percentile."""
    return (
        f"p50 {statistics.median(times):.1f} ms, p95 {sorted(times)[int(len(times) * 0.95)]:.1f} ms, n {len(times)}"
    )


def main(count: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="tiepdan-bench-") as folder:
        stack = Stack(Path(folder) / "var")
        started = time.perf_counter()
        try:
            stack.start()
            print(f"ready in {time.perf_counter() - started:.1f} s")
            rasa_turns(stack, 20)  # the first turns open connections
            print("Rasa's turn:", spread(rasa_turns(stack, count)))
            print("whole path: ", spread(whole_path(stack, count)))
            print("memory (MB):", memory(stack))
            print("import of 5,665 records:", national_import(Path(folder)))
        finally:
            stack.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
