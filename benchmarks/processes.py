"""What a server's processes have used: CPU and memory of the whole family, from /proc."""

import os
from pathlib import Path

TICK: int = os.sysconf("SC_CLK_TCK")


def machine() -> str:
    """The processors, in a few words."""
    names = [line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")]
    return f"{len(names)} x {names[0]}"


def family(pid: int) -> list[int]:
    """The process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (fields := _stat(int(entry))):
            children.setdefault(int(fields[1]), []).append(int(entry))
    found, todo = [], [pid]
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found


def cpu(pid: int) -> float:
    """Seconds of CPU that the family has used, with what those have used that are gone and were waited for."""
    gone = [sum(map(int, fields[13:15])) for each in family(pid) if (fields := _stat(each))]
    return sum(map(_run, family(pid))) / 1e9 + sum(gone) / TICK


def memory(pid: int) -> float:
    """Kilobytes that the family has in memory; what several share is shared out among them (PSS)."""
    total = 0
    for each in family(pid):
        try:
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return float(total)


def _run(pid: int) -> int:
    """Nanoseconds that the threads of a process have run; ticks of a hundredth of a second would be too coarse."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
        return sum(int(Path(f"/proc/{pid}/task/{each}/schedstat").read_text().split()[0]) for each in threads)
    except OSError:
        return 0


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on; none if it has gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
