"""Plays episodes of every kind in one process that has verifiers; prints what came of them as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import verifiers.v1 as vf
from verifiers.v1.serve import EnvClient, EnvServer

from replgym.agents.adapters.verifiers import PyInterpEnv, load_environment

NATIVE = {"action_format": "native"}
BROKEN = {"backend_options": {"setup": "raise RuntimeError('no disk')"}, "acquire_timeout": 20.0}


def context(url: str, model: str) -> vf.ModelContext:
    return vf.ModelContext(
        model=model, client=vf.EvalClientConfig(base_url=url), sampling=vf.SamplingConfig(temperature=0.5)
    )


async def play(env: PyInterpEnv, *contexts: vf.ModelContext) -> dict[str, dict[str, Any]]:
    """Plays one episode for each model, all at once."""
    task = next(iter(env.taskset))
    episodes = await asyncio.gather(*(env.run_episode(task, each) for each in contexts))
    return {each.model: told(episode) for each, episode in zip(contexts, episodes, strict=True)}


async def serve(env: PyInterpEnv, each: vf.ModelContext) -> dict[str, dict[str, Any]]:
    """Plays one episode as a trainer does: on a server of environments, which is sent the row of the task."""
    server = EnvServer(env.config, address="tcp://127.0.0.1:0")
    serving = asyncio.create_task(server.run())
    client = EnvClient(server.address)
    row = next(iter(env.taskset)).data.model_dump(mode="json")
    try:
        return {each.model: told(await client.run(each.client, each.model, each.sampling, row))}
    finally:
        await client.close()
        serving.cancel()
        await asyncio.wait([serving])


def told(episode: vf.Episode | vf.WireEpisode) -> dict[str, Any]:
    (trace,) = episode.traces
    return {
        "ok": episode.ok,
        "errors": [error.type for error in (*episode.errors, *trace.errors)],
        "told": " ".join(error.message for error in episode.errors),
        "rewards": {name: reward.value for name, reward in trace.rewards.items()},
        "metrics": trace.metrics,
        "stop": trace.stop_condition,
        "messages": [node.message.model_dump(exclude_none=True) for node in trace.nodes],
    }


async def cancel(env: PyInterpEnv, sleeps: vf.ModelContext) -> dict[str, int]:
    """Cancels an episode while its cell runs."""
    playing = asyncio.create_task(env.run_episode(next(iter(env.taskset)), sleeps))
    while not env._pool.stats().acquired:
        await asyncio.sleep(0.01)
    during = env._pool.stats().acquired
    playing.cancel()
    await asyncio.wait([playing])
    return {"during": during, "after": env._pool.stats().acquired}


async def main(url: str, settings: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    env = load_environment(kernels=2, **settings)
    async with env.serving():
        found |= await play(env, *(context(url, model) for model in ("solve", "wander", "refused")))
        found["left"] = env._pool.stats().acquired
        found["cancelled"] = await cancel(env, context(url, "sleep"))
    agent = env.config.agent.model_copy(update={"max_turns": 1})
    limited = PyInterpEnv(env.config.model_copy(update={"agent": agent}))
    for name, each in (("limited", limited), ("broken", load_environment(**settings | BROKEN))):
        async with each.serving():
            found |= await play(each, context(url, name))
    return found | await serve(load_environment(**settings | NATIVE), context(url, "native"))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(main(sys.argv[1], json.loads(sys.argv[2])))))
