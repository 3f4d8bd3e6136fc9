"""The checks of `connector.checks` as Dagster shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import dagster as dg

from assets.failure import facts_of
from assets.names import lake_key, warehouse_key
from connector.checks import Finding, checks_of
from connector.ledger import StreamOutcome
from schemas import Endpoint

SCOPE = "scope_is_granted"


def table_checks(endpoint: Endpoint) -> list[dg.AssetCheckSpec]:
    """The checks of a table. They are part of its step: a step for each would take minutes."""
    return [
        dg.AssetCheckSpec(
            check.name,
            asset=warehouse_key(endpoint.stream),
            description=check.meaning,
            blocking=check.blocking,
        )
        for check in checks_of(endpoint)
    ]


def scope_check(endpoint: Endpoint) -> dg.AssetCheckSpec:
    """The check whether the key may read a stream; it is part of the step that asks."""
    return dg.AssetCheckSpec(
        SCOPE,
        asset=lake_key(endpoint.stream),
        description=f"The key may read it; it takes the scope {', '.join(endpoint.scopes)}, and "
        "what the workspace's plan offers.",
    )


def result_of(endpoint: Endpoint, finding: Finding) -> dg.AssetCheckResult:
    """What a check found, in Dagster's words."""
    return dg.AssetCheckResult(
        asset_key=warehouse_key(endpoint.stream),
        check_name=finding.check,
        passed=finding.passed,
        severity=_severity(error=finding.error),
        metadata={name: shown(fact) for name, fact in finding.facts.items()},
    )


def scope_result(outcome: StreamOutcome) -> dg.AssetCheckResult:
    """Whether the stream could be read, and why not."""
    skipped = outcome.outcome == "skipped"
    return dg.AssetCheckResult(
        asset_key=lake_key(outcome.stream),
        check_name=SCOPE,
        passed=not skipped,
        severity=_severity(error=False),
        metadata={"reason": outcome.error, **facts_of(outcome)} if skipped else {},
    )


def evaluation(result: dg.AssetCheckResult) -> dg.AssetCheckEvaluation:
    """A result as an event of its own, outside of any run."""
    assert result.asset_key
    assert result.check_name
    return dg.AssetCheckEvaluation(
        asset_key=result.asset_key,
        check_name=result.check_name,
        passed=result.passed,
        severity=result.severity,
        metadata=result.metadata,
    )


def shown(fact: int | str | datetime) -> Any:
    """A fact as metadata: moments in the reader's own time zone, numbers so that they plot."""
    return dg.MetadataValue.timestamp(fact) if isinstance(fact, datetime) else fact


def _severity(*, error: bool) -> dg.AssetCheckSeverity:
    return dg.AssetCheckSeverity.ERROR if error else dg.AssetCheckSeverity.WARN
