"""People's requests as a job, and the sensor that starts it when one came."""

import dagster as dg

from ingestion.settings import role_url
from orchestration.defs.hub import Hub
from orchestration.operations.failures import without_values


@dg.op(description="Serve every open request: objections, copies, then erasures in one cascade.")
def serve_open_requests(context: dg.OpExecutionContext, hub: Hub) -> None:
    """Serve, and say how many of each kind; whoever asked is not named anywhere."""
    from orchestration.privacy import requests

    with without_values():
        served = requests.serve(role_url("dsr"))
    context.add_output_metadata(
        {
            f"{kind}_{status}": sum((each.kind, each.status) == (kind, status) for each in served)
            for kind, status in sorted({(each.kind, each.status) for each in served})
        }
    )
    context.log.info("%d requests served", len(served))


@dg.job(
    name="serve_requests",
    description="Access, erasure and objection, as vendors, forms and clerks passed them on.",
    executor_def=dg.in_process_executor,
)
def serve_requests() -> None:
    """One step: a run that is killed leaves the rest open."""
    serve_open_requests()


@dg.sensor(
    job=serve_requests,
    minimum_interval_seconds=60,
    description="Requests in privacy.requests: served within minutes, long before they are due.",
)
def requests_came(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Launch ``serve_requests`` for requests that no run was launched for yet."""
    import psycopg

    from ingestion.settings import SettingsError
    from orchestration.privacy import requests

    try:
        url = role_url("dsr")
    except SettingsError as error:
        return dg.SensorResult(skip_reason=dg.SkipReason(str(error)))
    with psycopg.connect(url, connect_timeout=15) as connection:
        waiting = [each for each in requests.open_requests(connection) if each.status == "open"]
    if not waiting:
        return dg.SensorResult(skip_reason=dg.SkipReason("no open requests"))
    newest = max((each.received_at, each.request_id) for each in waiting)
    key = f"requests {newest[0]:%Y-%m-%dT%H:%M:%S} {newest[1]} {len(waiting)}"
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=key)])


@dg.definitions
def defs() -> dg.Definitions:
    """The job and its sensor."""
    return dg.Definitions(jobs=[serve_requests], sensors=[requests_came])
