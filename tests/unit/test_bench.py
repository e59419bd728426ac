"""The benchmark's arithmetic and its company, without running it."""

import re
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from orchestration.bench import company, report, results, sizes
from orchestration.bench.errors import BenchError
from orchestration.bench.results import Result
from orchestration.cli import app as cli


def cost(cpu: float, rows: int = 10) -> dict[str, float]:
    names = ("seconds", "cpu_client", "cpu_server", "peak_mb", "wal_mb")
    return {"rows": rows, "cpu": cpu, **dict.fromkeys(names, cpu)}


def result(size: str = "S", events: int = 1_000_000, factor: float = 1.0) -> Result:
    stages = ("observe", "consent", "identity", "derive", "reveal", "publish")
    return Result(
        size=size,
        events=events,
        commit="abc",
        limits={"copy": cost(2), "components": cost(4)},
        full={stage: cost(10 * factor + 1) for stage in stages},
        unchanged={stage: cost(1) for stage in stages},
        increment={stage: cost(1.5) for stage in stages},
        fixed={
            "full": {stage: cost(1) for stage in stages},
            "increment": {stage: cost(1) for stage in stages},
        },
        models={"int_journey__sessions": {"rows": 9, "full": 2.0, "increment": 0.1}},
        peers={"dlt defaults": cost(6, rows=5), "dbt run": cost(8)},
    )


def test_what_a_stage_costs_at_any_size_is_no_part_of_its_ratios() -> None:
    assert result().increment_ratio("derive") == 0.05
    assert result().totals()["increment_to_full"] == 0.05
    without = Result(**{**vars(result()), "fixed": {}})
    assert without.increment_ratio("derive") == pytest.approx(1.5 / 11, abs=0.001)


def test_the_transformation_is_compared_with_copying_its_events() -> None:
    assert result().totals()["transform_to_copy"] == 20
    assert result().ratio_to_limit("derive") == 5
    assert result().ratio_to_limit("publish") is None


def test_a_loader_is_compared_with_copy_row_by_row_and_dbt_with_the_same_refresh() -> None:
    assert result().peer_ratio("dlt defaults") == 6
    assert result().peer_ratio("dbt run") == 8


def test_growth_is_the_exponent_between_the_smallest_and_the_largest_size() -> None:
    small, large = result(), result("M", 10_000_000, factor=10)
    assert results.exponents([large, small])["derive"] == 1.0
    assert results.exponents([small]) == {}


def test_a_result_survives_being_kept(tmp_path: Path) -> None:
    results.write(tmp_path / "kept" / "S.json", result())
    assert results.read(tmp_path / "kept" / "S.json") == result()


def test_a_file_that_is_no_result_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"size": "S"}')
    with pytest.raises(BenchError, match=r"other\.json holds no result"):
        results.read(tmp_path / "other.json")


def test_results_of_two_machines_are_compared_over_their_own_copy() -> None:
    console = Console(record=True, width=120)
    slower = Result(**{**vars(result()), "limits": {"copy": cost(4), "components": cost(8)}})
    report.compare(console, slower, result())
    assert "+100%" in console.export_text()
    report.show(console, [result()])
    assert "int_journey__sessions" in console.export_text()


def test_one_more_day_brings_one_percent_and_overlaps_nothing() -> None:
    for size in sizes.SIZES.values():
        history, day = sizes.whole(size), sizes.next_day(size)
        assert day.first_visit == history.last_visit
        assert day.first_person == history.last_person
        assert day.last_visit - day.first_visit == size.visits // 100
        assert day.load_id > history.load_id


def test_the_company_fills_every_placeholder_and_only_raw_tables() -> None:
    text = company.FILE.read_text()
    filled = text.format(**sizes.whole(sizes.SIZES["S"]).parameters())
    assert "{" not in filled
    targets = set(re.findall(r"insert into (\w+)\.", filled))
    assert targets == {"raw_matomo", "raw_shopify", "raw_hubspot", "raw_files"}


def test_a_size_that_is_none_is_refused_before_anything_is_made() -> None:
    done = CliRunner().invoke(cli.app, ["bench", "--size", "XXL"])
    assert done.exit_code == 2
    assert "XXL is none of" in done.output
