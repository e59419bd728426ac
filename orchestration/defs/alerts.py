"""The one alert path: what went wrong anywhere, told once, and a digest a day.

Targets are configured with ``TANDEM_ALERTS``; with none the sensor still runs and tells nobody.
"""

from datetime import UTC, datetime, timedelta

import dagster as dg

from orchestration.feed import Cursor, news
from orchestration.operations import causes, digest
from orchestration.operations.alerting import deliver

_DAY = timedelta(days=1)


class AlertsUndelivered(RuntimeError):
    """No target took an alert; the next tick tries again, for a day."""


@dg.sensor(
    name="alerts",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Failed runs, checks that do not hold, late tables, automation that raised.",
)
def alerts(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Tell what happened since the last tick."""
    cursor = Cursor.read(context.cursor, context.instance)
    found, after = news(context.instance, cursor)
    lost = [alert.title for alert in found if deliver(alert).is_lost]
    if lost:
        raise AlertsUndelivered(
            f"{len(lost)} of {len(found)} alerts reached nobody ({causes.listed(lost)}): "
            "see orchestration/runbooks/alert_sink_down.md"
        )
    for alert in found:
        context.log.info("told: %s", alert.title)
    skipped = dg.SkipReason(f"{len(found)} alerts told")
    return dg.SensorResult(skip_reason=skipped, cursor=after.write())


@dg.op(description="Say in one message whether anything needs a person.")
def send_digest(context: dg.OpExecutionContext) -> None:
    """Write the digest of the last day and send it the way alerts go."""
    since = dg.RunsFilter(
        statuses=[dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE],
        updated_after=datetime.now(UTC) - _DAY,
    )
    ended = [run.status for run in context.instance.get_runs(filters=since)]
    runs = digest.Runs(
        ended.count(dg.DagsterRunStatus.SUCCESS), ended.count(dg.DagsterRunStatus.FAILURE)
    )
    message = digest.write(runs)
    context.log.info("%s\n%s", message.title, message.text)
    if deliver(message).is_lost:
        raise AlertsUndelivered("the digest reached nobody")


@dg.job(
    name="daily_digest",
    description="One message a day: releases, runs, checks, loads.",
    executor_def=dg.in_process_executor,
)
def digest_job() -> None:
    """Send the digest."""
    send_digest()


# After the daily refresh, before people come to work.
digest_schedule = dg.ScheduleDefinition(
    name="daily_digest_schedule",
    job=digest_job,
    cron_schedule="30 5 * * *",
    execution_timezone="UTC",
    description="The health digest, ready when the day begins.",
)


@dg.definitions
def defs() -> dg.Definitions:
    """The sensor behind every alert, and the digest."""
    return dg.Definitions(sensors=[alerts], jobs=[digest_job], schedules=[digest_schedule])
