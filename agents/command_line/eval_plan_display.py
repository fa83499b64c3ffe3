"""The plan of an evaluation, and its first prompt, as `replgym eval --dry-run` shows them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..evaluation.cost_estimate import CostEstimate
from ..evaluation.episode_store import StoreSurvey
from ..evaluation.evaluation_plan import EvaluationPlan
from ..policies.policy_choice import PolicyChoice

if TYPE_CHECKING:
    from rich.console import Console

_SAID_OF_ENVIRONMENT = ("mode", "action_format", "tools", "max_turns", "code_extraction", "rubric", "backend")


def show_plan(plan: EvaluationPlan, console: Console) -> None:
    """Prints what would be played, with which settings, at what cost, and what the model would see first."""
    from rich.table import Table

    survey = plan.survey()
    left = plan.planned.left(survey.finished)
    table = Table(box=None, pad_edge=False)
    table.add_column("set", overflow="fold")
    for head in ("tasks", "episodes", "done", "to play"):
        table.add_column(head, justify="right")
    for each in plan.sets:
        count = len(each.tasks) * plan.samples
        done = count - left[each.label]
        numbers = (len(each.tasks), count, done, left[each.label])
        table.add_row(each.label, *(f"{value:,}" for value in numbers))
    console.print(table)
    for line in [*_bad_rows(plan), *_store_lines(plan, survey), *_settings(plan), *_costs(plan, survey)]:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    _show_prompt(plan, console)


def _bad_rows(plan: EvaluationPlan) -> list[str]:
    return [
        f"{each.label}: {len(each.tasks.bad_rows):,} rows cannot be used"
        for each in plan.sets
        if each.tasks.bad_rows
    ]


def _store_lines(plan: EvaluationPlan, survey: StoreSurvey) -> list[str]:
    told = [f"output: {plan.output or 'nowhere; give --output DIR to keep episodes'}"]
    if survey.failed:
        told.append(f"{len(survey.failed):,} episodes that the machine failed are played again")
    if survey.stale:
        told.append(
            f"{survey.stale:,} episodes were played with other settings or tasks; they are not counted"
        )
    return told


def _settings(plan: EvaluationPlan) -> list[str]:
    settings = plan.planned.identity.settings
    environment = {name: settings["environment"].get(name) for name in _SAID_OF_ENVIRONMENT}
    return [
        f"policy: {_pairs(settings['policy'])}",
        f"environment: {_pairs(environment)}",
        f"sampling: {_pairs(settings['sampling'])}, seed={plan.settings.seed}, samples={plan.samples}",
        f"run: concurrency={plan.concurrency}, tries={plan.retry.tries}",
    ]


def _costs(plan: EvaluationPlan, survey: StoreSurvey) -> list[str]:
    count = plan.planned.left(survey.finished).total()
    characters = sum(len(message["content"]) for message in _first_messages(plan))
    most = CostEstimate.most(characters, count, plan.settings.env, plan.settings.limits)
    played = plan.store.episodes(survey, scored_only=True) if plan.store is not None else ()
    likely = CostEstimate.likely(played, count)
    lines = [f"tokens at most: {_tokens(most, plan)}"]
    if likely is not None:
        lines.append(f"tokens by the {len(survey.finished):,} episodes so far: {_tokens(likely, plan)}")
    return lines


def _tokens(estimate: CostEstimate, plan: EvaluationPlan) -> str:
    told = f"{estimate.prompt:,.0f} of prompts and {estimate.completion:,.0f} of messages"
    if plan.prices.known:
        told += f", cost {plan.prices.cost(estimate.prompt, estimate.completion):,.4g}"
    return told


def _first_messages(plan: EvaluationPlan) -> tuple[Mapping[str, str], ...]:
    return plan.planned.identity.world.messages_for(plan.sets[0].tasks[0])


def _show_prompt(plan: EvaluationPlan, console: Console) -> None:
    """The messages, the tools beside them, and the exact text where the tokenizer is at hand."""
    world, messages = plan.planned.identity.world, _first_messages(plan)
    tools = world.toolbox.schemas() if world.parser.native else ()
    console.print(f"\nfirst prompt: {plan.sets[0].tasks[0].id}", style="bold", markup=False, highlight=False)
    template = plan.policy.chat_template() if isinstance(plan.policy, PolicyChoice) else None
    if template is not None:
        told = template.decode(template.initial(messages, tools))
        console.print(told, markup=False, highlight=False, soft_wrap=True)
        return
    for message in messages:
        console.rule(f"[dim]{message['role']}[/dim]", align="left")
        console.print(message["content"], markup=False, highlight=False, soft_wrap=True)
    if tools:
        console.rule("[dim]tools[/dim]", align="left")
        console.print(json.dumps([dict(tool) for tool in tools], indent=2), markup=False, highlight=False)


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value}" for key, value in values.items() if value not in (None, "", [], ()))
