"""What the scripts of Python's drivers share.

    python3 SCRIPT.py URI MODE

MODE is session, pooled or idle: which of the features are run. For each line that it is given the script runs them all, in
order, says "ok NAME" after each and "idle" after the last. In between the test may suspend the compute. It ends with its input.
"""
import asyncio
import sys

uri, mode = sys.argv[1:]
pooled = mode == "pooled"
_features = []


def feature(modes="session pooled"):
    """Makes a function of the round's number (0 at first) a feature, which is run in these modes."""

    def add(run):
        if mode in modes.split():
            _features.append(run)
        return run

    return add


def _ok(run):
    print("ok", run.__name__.replace("_", "-"), flush=True)


def run_rounds():
    for number, _ in enumerate(sys.stdin):
        for run in _features:
            run(number)
            _ok(run)
        print("idle", flush=True)


async def run_rounds_async():
    # Lines are read elsewhere: a driver's event loop goes on while its script is idle.
    loop = asyncio.get_running_loop()
    number = 0
    while await loop.run_in_executor(None, sys.stdin.readline):
        for run in _features:
            await run(number)
            _ok(run)
        print("idle", flush=True)
        number += 1


def with_settings(**settings):
    """The URI with other parameters of libpq."""
    kept = [p for p in uri.partition("?")[2].split("&") if p.partition("=")[0] not in settings]
    return uri.partition("?")[0] + "?" + "&".join(kept + [f"{k}={v}" for k, v in settings.items()])
