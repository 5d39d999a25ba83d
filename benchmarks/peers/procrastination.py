"""procrastinate with the jobs of `benchmarks.jobs`, with the commands of `benchmarks.work`.

Retries what a killed worker left, as its documentation says to, by a periodic task: by itself it
does not. It takes a worker for dead after 30 s without a heartbeat; here, as AVA's lease, after 10.
"""

import asyncio
import os
import sys
import time

from procrastinate import App, JobContext, PsycopgConnector

from benchmarks.effects import note

DEAD_SECONDS = 10

app = App(connector=PsycopgConnector(conninfo=os.environ["DATABASE_URL"]))


@app.task(name="noop")
def noop(n: int) -> None:
    note(n)


@app.task(name="hang")
async def hang(n: int) -> None:
    note(n)
    await asyncio.sleep(600)


@app.periodic(cron="* * * * * */5")
@app.task(queueing_lock="retry", pass_context=True)
async def retry_stalled(context: JobContext, timestamp: int) -> None:
    manager = app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_SECONDS):
        await manager.retry_job(job)


async def defer(kind: str, first: int, count: int, pause: float) -> None:
    task = {"noop": noop, "hang": hang}[kind]
    numbers = range(first, first + count)
    if not pause:
        await task.batch_defer_async(*({"n": n} for n in numbers))
        return
    for n in numbers:
        print(n, time.time(), flush=True)
        await task.defer_async(n=n)
        await asyncio.sleep(pause)


async def main(command: str, *arguments: str) -> None:
    async with app.open_async():
        if command == "schema":
            await app.schema_manager.apply_schema_async()
        elif command == "defer":
            kind, first, count, pause = arguments
            await defer(kind, int(first), int(count), float(pause))
        else:
            await app.run_worker_async(concurrency=8, update_heartbeat_interval=DEAD_SECONDS / 3)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
