"""Which faults are caused on purpose, what must hold afterwards, and which tests show it.

In the order of a run. After every fault: readers met no error and no mixed release; running again
converges to what a clean run publishes; no orphan row is visible; no value of a row is in a
message; the operator is told one cause and one next step. A test is named by its file and function,
with its parameter in brackets where only one of them is meant.
"""

from dataclasses import dataclass

RUN = "faults/test_run_killed.py::test_a_run_killed_there_leaves_the_release_before"
AGAIN = "faults/test_run_killed.py::test_the_next_run_is_what_an_undisturbed_one_would_have_been"
LOST = (
    "faults/test_run_killed.py::test_a_run_that_loses_its_server_says_so_and_the_next_one_is_clean"
)
SERVER = "faults/test_server_lost.py::"
LOADERS = "integration/test_loaders_faults.py::"
PUBLISH = "faults/test_publishing_killed.py::"
READERS = "faults/test_publishing_readers.py::"
GONE = (
    "the release before stays readable and unchanged; the next run publishes what a clean one would"
)


@dataclass(frozen=True)
class Fault:
    """One fault and the tests that cause it."""

    name: str
    must_hold: str
    tests: tuple[str, ...]


def _killed(name: str, place: str) -> Fault:
    return Fault(f"kill -9 {name}", GONE, (f"{RUN}[{place}]", AGAIN))


FAULTS = (
    _killed("while a source is read", "load.extract"),
    _killed("while rows are normalised", "load.normalize"),
    _killed("between two load jobs", "load.load.jobs#3"),
    _killed("after the data, before the record of the load", "load.after_data"),
    _killed("after the load, before Dagster hears of it", "load.before_event"),
    _killed("between models of the first zone", "build.observe#20"),
    _killed("before persons are committed", "identity.before_commit"),
    _killed("between models of core", "build.derive#20"),
    _killed("between the checks and their record", "check.before_store#2"),
    _killed("between two marts of a publish", "publish.mid_apply#5"),
    _killed("before the commit of a publish", "publish.before_commit"),
    Fault(
        "kill -9 before the lock, after it, after the difference, between marts, before the commit "
        "of a publish",
        "release before readable; the next publish applies the difference once, pre-images once",
        (f"{PUBLISH}test_a_publish_killed_before_its_commit_leaves_the_release_before",),
    ),
    Fault(
        "kill -9 after the commit of a publish",
        "the release is there; the next publish finds nothing to do",
        (f"{PUBLISH}test_a_publish_killed_after_its_commit_has_happened_and_is_not_repeated",),
    ),
    Fault(
        "kill -9 in the very first publish",
        "no mart, no release; the next publish makes all",
        (f"{PUBLISH}test_a_first_publish_killed_half_way_leaves_no_mart",),
    ),
    Fault(
        "failure before the commit of a rollback",
        "the release stays, nothing is restored by halves",
        (f"{PUBLISH}test_a_rollback_killed_before_its_commit_leaves_the_release",),
    ),
    Fault(
        "kill -9 at any moment of a first run",
        "the next run publishes what an undisturbed one would",
        (
            "acceptance/test_convergence.py::"
            "test_a_refresh_killed_at_a_random_moment_converges_when_it_is_run_again",
        ),
    ),
    Fault(
        "kill -9 while persons are resolved, at any moment",
        "persons change only when a resolution completes",
        (
            "integration/test_identity_kills.py::"
            "test_kills_at_any_moment_change_nothing_until_a_run_completes",
        ),
    ),
    Fault(
        "a run dies while its statement goes on in the server",
        "the next run ends that backend before it builds",
        ("integration/test_operations_hub.py::test_what_a_dead_run_left_in_the_server_is_ended",),
    ),
    Fault(
        "a publisher behind a connection that went silent",
        "its backend is ended before the next publish, locks and all",
        (f"{PUBLISH}test_the_backend_behind_a_silent_connection_is_ended_by_the_next_publish",),
    ),
    Fault(
        "an earlier attempt of the same run still holds its locks",
        "ended before the retry; backends of living publishers are left alone",
        (
            f"{PUBLISH}test_the_backend_of_a_dead_run_is_ended_before_a_retry",
            f"{PUBLISH}test_backends_of_living_publishers_are_left_alone",
        ),
    ),
    Fault(
        "PostgreSQL stopped immediately in the middle of a load",
        "one line of cause and next step; the next run is as a clean one",
        (
            f"{LOST}[load]",
            AGAIN,
        ),
    ),
    Fault(
        "PostgreSQL stopped immediately in the middle of a build",
        "one line of cause and next step; the next run is as a clean one",
        (
            f"{LOST}[build]",
            AGAIN,
        ),
    ),
    Fault(
        "PostgreSQL stopped immediately or killed with -9 in a publish",
        "after its restart the release before; the next publish is whole",
        (
            f"{PUBLISH}"
            "test_a_server_lost_in_the_middle_of_a_publish_comes_back_with_the_release_before",
        ),
    ),
    Fault(
        "PostgreSQL killed with -9 at rest and under load",
        "it comes back with everything committed",
        (
            "integration/test_warehouse_embedded.py::"
            "test_after_a_kill_the_server_comes_back_with_what_was_committed",
            "integration/test_warehouse_embedded.py::test_after_a_kill_under_load_the_server_comes_back",
        ),
    ),
    Fault(
        "PostgreSQL is down when something starts",
        "a run starts the embedded one; every other command says so in one line",
        (
            "integration/test_warehouse_commands.py::test_a_stopped_warehouse_is_said_by_every_command",
            "integration/test_warehouse_own_server.py::test_a_server_that_is_not_there_is_said",
        ),
    ),
    Fault(
        "the disk of the warehouse is full",
        "nothing half published; told as a full disk; goes on once there is room",
        (f"{SERVER}test_a_full_disk_of_the_warehouse_is_told_and_left_behind",),
    ),
    Fault(
        "the disk of the working folder is full",
        "the load fails in one line, nothing of it is visible, the next is whole",
        (f"{LOADERS}test_a_full_working_folder_stops_the_load_and_the_next_one_is_whole",),
    ),
    Fault(
        "no connection is free",
        "told in one line as what it is; works again once one is",
        (f"{SERVER}test_a_server_without_a_free_connection_is_told_from_one_that_is_gone",),
    ),
    Fault(
        "readers open in a transaction, one REPEATABLE READ, an outside view and foreign key; 50 "
        "publishes, two of them adding a column",
        "no error, no mixed release, no wait longer than lock_timeout and publish",
        (f"{READERS}test_readers_of_every_kind_notice_nothing_of_fifty_publishes",),
    ),
    Fault(
        "a reader that never ends its transaction",
        "plain changes pass; a change of shape gives up and names the backend; readers never wait",
        (f"{READERS}test_a_reader_who_never_ends_delays_the_publisher_only_and_is_named",),
    ),
    Fault(
        "an outside foreign key onto a row that goes",
        "release before stays; the constraint is named, no row",
        (f"{READERS}test_an_outside_foreign_key_onto_a_row_that_goes_is_named",),
    ),
    Fault(
        "a broken reference or a duplicate key in core",
        "release before stays; the constraint is named, no row",
        (
            "integration/test_publishing.py::"
            "test_a_broken_reference_stops_the_release_and_names_the_constraint_not_the_row",
        ),
    ),
    Fault(
        "a removed or retyped column of a mart",
        "refused by name, with the way: a version beside it",
        (
            "integration/test_publishing.py::"
            "test_a_removed_or_retyped_column_is_refused_by_name_with_the_way",
            "acceptance/test_versions.py",
        ),
    ),
    Fault(
        "two publishes at once",
        "the second waits, then says who is in the way; readers unaffected",
        (f"{PUBLISH}test_a_second_publish_waits_and_then_says_that_another_is_under_way",),
    ),
    Fault(
        "two loads of one source at once, a backfill among them",
        "the second is refused before it writes",
        (f"{LOADERS}test_a_second_load_of_one_source_is_refused_while_the_first_runs",),
    ),
    Fault(
        "a manual, a scheduled and a backfilling run together",
        "one builds, the others wait and name it",
        (
            "integration/test_operations_hub.py::test_a_second_run_waits_and_then_names_the_first",
            "unit/test_operations_instance.py",
        ),
    ),
    Fault(
        "the lock of an owner that died",
        "free with its process",
        (
            "integration/test_operations_hub.py::"
            "test_the_hub_is_free_again_when_the_process_that_held_it_is_killed",
        ),
    ),
    Fault(
        "a bad network: cut, slow, 429, 5xx, half answers, moving and circular pages",
        "loads are identical with the servers or stop in one line; nothing incomplete is visible",
        (
            f"{LOADERS}test_a_first_load_through_a_bad_network_is_identical_with_the_servers",
            f"{LOADERS}test_a_list_that_repeats_its_cursor_stops_the_load",
            f"{LOADERS}test_visits_that_page_in_a_circle_stop_the_load",
            f"{LOADERS}test_visits_that_move_between_pages_are_all_read",
            f"{LOADERS}test_a_load_that_breaks_off_leaves_nothing_visible_and_the_next_one_is_whole",
            "unit/test_sources_transport.py",
        ),
    ),
    Fault(
        "an expired token, a wrong site, an unknown version, an unreachable host",
        "one line of cause and next step",
        (
            f"{LOADERS}test_an_expired_token_is_one_clear_message",
            f"{LOADERS}test_a_wrong_site_is_one_clear_message_although_the_status_is_200",
            f"{LOADERS}test_an_unknown_api_version_is_one_clear_message",
            f"{LOADERS}test_an_unreachable_host_is_one_clear_message",
        ),
    ),
    Fault(
        "rows that are no rows: bad JSON, depth bombs, megabytes, odd types, NUL",
        "quarantined with a reason and no value, their neighbours go on; mostly bad stops the load",
        ("unit/test_guard_quarantine.py",),
    ),
    Fault(
        "new, retyped and nested fields; removed ones",
        "kept as misfits and reported, or a reason to quarantine; missing ones are named",
        (
            "unit/test_guard_gate.py::test_unknown_fields_are_kept_scrubbed_and_reported",
            "unit/test_guard_scrub.py::test_misfits_lose_addresses_in_values_names_and_nested_lists",
            "unit/test_guard_quarantine.py::test_any_value_converts_or_is_a_reason",
            "unit/test_sources_transport.py::test_a_missing_member_is_trouble_not_a_crash",
        ),
    ),
    Fault(
        "a source that suddenly looks empty",
        "nothing is wiped; told, with the setting that permits it",
        (f"{LOADERS}test_a_shop_that_suddenly_looks_empty_wipes_nothing",),
    ),
    Fault(
        "a tenth or ten times of the usual volume",
        "a warning that names the table, and a picture",
        (
            "integration/test_quality.py::test_volume_is_compared_with_earlier_loads",
            "integration/test_operations_hub.py::test_a_tenth_and_ten_times_of_what_is_usual_stand_out",
        ),
    ),
    Fault(
        "an increment without rows",
        "nothing changes",
        (
            "integration/test_loaders.py::test_loading_twice_changes_nothing",
            "acceptance/test_refresh.py::test_a_second_refresh_with_nothing_new_changes_no_row",
        ),
    ),
    Fault(
        "data that come late, within the window and beyond it; a vendor that commits late",
        "restated exactly",
        (
            f"{LOADERS}test_what_commits_late_arrives_with_the_next_load",
            "integration/test_loaders.py::test_visits_that_grow_come_late_or_vanish_are_restated",
            "integration/test_transform_increments.py::"
            "test_late_changed_merged_and_vanished_facts_are_restated_exactly",
        ),
    ),
    Fault(
        "the night summer time begins",
        "an order counts on its shop's day",
        ("integration/test_transform_unit_tests.py",),
    ),
    Fault(
        "a row deleted at the vendor, and one that returns",
        "gone from what is read, and there again",
        (
            "integration/test_loaders.py::"
            "test_changes_in_the_shop_arrive_with_refunds_of_old_orders_and_deletions",
            "integration/test_loaders.py::"
            "test_changes_in_the_crm_arrive_with_merges_and_deletions_as_facts",
        ),
    ),
    Fault(
        "a currency nobody knows a rate for",
        "no reporting amount, never one of its own; counted and warned about",
        ("integration/test_transform_marts.py::test_a_missing_rate_is_null_and_never_one",),
    ),
    Fault(
        "consent withdrawn while a run goes on",
        "counts at its commit, whatever the run has built",
        ("privacy/test_consent_activation.py::test_a_withdrawal_counts_at_commit",),
    ),
    Fault(
        "an identifier shared by ever more people",
        "refused beyond its limit; no person swallows the rest",
        (
            "integration/test_identity_resolution.py::"
            "test_a_value_that_more_people_come_to_share_is_refused_and_let_go_by_an_increment",
        ),
    ),
    Fault(
        "a month backfilled twice, overlapping, interrupted",
        "the same month; what was interrupted is invisible until read again",
        ("integration/test_operations_backfill.py",),
    ),
    Fault(
        "a dbt test that fails in the middle of the graph",
        "nothing behind it is built or published; the test is named",
        (
            "acceptance/test_gates.py::"
            "test_a_dbt_test_that_fails_in_the_middle_keeps_the_release_and_is_named",
        ),
    ),
    Fault(
        "an expectation that fails, or cannot be carried out",
        "critical ones and crashes keep the release, warnings are told; crash and failure differ",
        (
            "acceptance/test_gates.py::"
            "test_raw_data_that_must_not_be_there_stop_the_run_before_anything_is_built",
            "acceptance/test_gates.py::test_a_warning_is_told_and_stops_nothing",
            "integration/test_quality.py::"
            "test_a_check_that_cannot_be_carried_out_is_an_error_and_others_go_on",
        ),
    ),
    Fault(
        "a schedule that was due while everything was down",
        "it runs once when the daemon is back, not once for every time it missed",
        ("unit/test_operations_instance.py::test_a_schedule_missed_while_down_runs_once",),
    ),
    Fault(
        "an alert sink that is down",
        "named by its kind only; the alert is told again when it is back",
        (
            "unit/test_operations_alerting.py::"
            "test_a_sink_that_is_down_is_survived_and_named_by_its_kind_only",
            "unit/test_operations_feed.py::"
            "test_the_sensor_keeps_its_place_while_nobody_can_be_reached",
        ),
    ),
    Fault(
        "a sensor that raises",
        "told like any other alert",
        ("unit/test_operations_feed.py::test_a_sensor_that_raised_is_told",),
    ),
    Fault(
        "an upgrade from an earlier version of the project",
        "tables are brought up to date once, in order; data stay",
        ("integration/test_warehouse_migrations.py",),
    ),
)
