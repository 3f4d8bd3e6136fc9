"""The job `push_contacts`: what `productlane-elt contacts push` does, for those who schedule it.

No schedule or sensor of ours starts it, and without `apply` it sends nothing. What it logs are
counts, lines and reasons; values stand in `meta.writes`.

Annotations are not postponed here: Dagster reads those of an op's function as they are.
"""

import asyncio
import time
from pathlib import Path

import dagster as dg

from assets.failure import explained
from assets.log import EVERY
from assets.resource import Productlane
from connector.errors import ConfigurationError
from connector.guard import publish_if_sound
from connector.published import reading
from connector.push.checking import check
from connector.push.plan import Plan
from connector.push.pushing import Pushing
from connector.push.source import from_csv, from_sql
from schemas import WRITABLE


class PushConfig(dg.Config):
    """Where the rows come from, one of `path` (a CSV file) and `sql`; and what may be done.

    Dagster shows it to everybody who can open its pages, so keep customers' data out of `sql`.
    """

    path: str = ""
    sql: str = ""
    apply: bool = False
    resubscribe: bool = False


@dg.op(tags={"productlane/writes": "contacts"})
def push_contacts_op(
    context: dg.OpExecutionContext, config: PushConfig, productlane: Productlane
) -> None:
    """Change contacts at Productlane to what rows say, if `apply` is set."""
    with explained():
        plan = _checked(productlane, config)
        _refuse(plan)
        context.log.info(
            f"{plan.lines} {plan.unit}s, {len(plan.changes)} contacts to change, "
            f"{plan.unchanged} as asked already"
        )
        if not config.apply:
            context.log.info("nothing was sent, since `apply` is not set")
            return
        pushing = Pushing(
            productlane.settings, plan, tell=_Log(context).tell, publishing=publish_if_sound
        )
        try:
            asyncio.run(pushing.carry_out())
        finally:
            _report(context, pushing)
    _judge(pushing)


# A CSV may have changed by the time at which Dagster tries again, and a query reads what the first
# try has written: only who asked knows whether to ask again.
@dg.job(
    name="push_contacts",
    description="Write contacts back; sends nothing without `apply`.",
    tags={"dagster/max_retries": "0"},
)
def push_contacts() -> None:
    """One step."""
    push_contacts_op()


def _checked(productlane: Productlane, config: PushConfig) -> Plan:
    if bool(config.path) == bool(config.sql):
        raise ConfigurationError("a push takes its rows from `path` or from `sql`")
    with reading(productlane.settings.data_dir) as con:
        try:
            found = from_csv(Path(config.path)) if config.path else from_sql(con, config.sql)
        except ConfigurationError as fault:
            if config.sql:
                fault.todo = ""  # DuckDB's own words may quote a value, and a log keeps them
            raise
        return check(con, WRITABLE["contacts"], found, resubscribe=config.resubscribe)


def _refuse(plan: Plan) -> None:
    if plan.problems:
        told = "; ".join(problem.told(plan.unit) for problem in plan.problems[:20])
        number = len(plan.problems)
        raise ConfigurationError(f"{number} problems, so nothing was sent: {told}")


class _Log:
    """A line of counts now and then."""

    def __init__(self, context: dg.OpExecutionContext) -> None:
        self._log = context.log
        self._last = time.monotonic()

    def tell(self, pushing: Pushing) -> None:
        """See `Pushing`."""
        if time.monotonic() - self._last >= EVERY:
            self._last = time.monotonic()
            self._log.info(f"{dict(pushing.counts)} of {len(pushing.plan.changes)} contacts")


def _report(context: dg.OpExecutionContext, pushing: Pushing) -> None:
    for result in pushing.results:
        if result.why:
            line = f"{pushing.plan.unit} {result.change.line}"
            context.log.warning(f"{line}: {result.outcome}: {result.why}")
    context.log.info(f"{_counts(pushing)}; every attempt is in meta.writes")


def _judge(pushing: Pushing) -> None:
    if pushing.exit_code:
        raise dg.Failure(
            "some contacts are not as asked; the others are written",
            metadata={**_counts(pushing), "exit_code": pushing.exit_code},
            allow_retries=False,
        )


def _counts(pushing: Pushing) -> dict[str, int]:
    return {name: pushing.counts[name] for name in sorted(pushing.counts)}
