"""A family, materialized as users do."""

import subprocess
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import dagster as dg
import pytest

from fetch_pipeline.definitions import defs
from fetch_pipeline.defs.family import list_family
from fetch_pipeline.defs.fetcher import Fetcher
from fetch_pipeline.defs.resources import Journals, WarehouseResource
from fetch_pipeline.demo.origin import Origin
from fetch_pipeline_tests.book_origin import Reply, Visit, booked
from fetch_pipeline_tests.fetching import Folder


def run(
    job: str,
    folder: Folder,
    path: Path | str,
    *,
    check: Any = True,
    fetcher: Mapping[str, Any] = MappingProxyType({}),
    **ops: Any,
) -> dg.ExecuteInProcessResult:
    """Execute a job of the default family on a list, with everything kept in `folder`."""
    config = {name: {"config": dict(values)} for name, values in ops.items()}
    impatient = {"max_attempts": 1, "read_timeout_s": 0.3}
    return defs.resolve_job_def(job).execute_in_process(
        {
            "ops": {"url_list": {"config": {"path": str(path)}}, **config},
            "resources": folder.resources(**{**impatient, **fetcher}),
            "loggers": {"console": {"config": {"log_level": "ERROR"}}},
        },
        raise_on_error=check,
    )


def metadata(result: dg.ExecuteInProcessResult, asset: str) -> Mapping[str, Any]:
    """Return the metadata of the materialization of an asset."""
    (event,) = result.asset_materializations_for_node(asset)[-1:]
    return {key: value.value for key, value in event.metadata.items()}


def test_a_list_becomes_a_table(origin: Origin, folder: Folder) -> None:
    """One row per listed line, in its order, each with its outcome."""
    urls = [
        f"{origin.url}/page/1?bytes=3000",
        "# a comment",
        "nonsense",
        f"{origin.url}/status/404",
        f"{origin.url}/page/1?bytes=3000#again",
        f"{origin.url}/cut",
    ]

    result = run("fetch_pages", folder, folder.write_list(urls))

    rows = folder.table("page_lengths")
    assert rows["line"].tolist() == [1, 3, 4, 5, 6]
    assert rows["url"].tolist() == [urls[0], *urls[2:]]
    assert rows["outcome"].tolist() == [
        "fetched",
        "invalid_url",
        "http_error",
        "fetched",
        "incomplete_body",
    ]
    assert set(rows["run_id"]) == {result.run_id}
    assert origin.requests["/page/1?bytes=3000"] == 1


def test_both_strategies_fetch_the_same_and_are_compared(origin: Origin, folder: Folder) -> None:
    """Twenty pages of 50 ms: one after the other, then all at once, in this order."""
    urls = [f"{origin.url}/page/{n}?latency_s=0.05" for n in range(20)]

    result = run("compare_sequential_async", folder, folder.write_list(urls))

    one_by_one, at_once = folder.table("page_lengths_sequential"), folder.table("page_lengths")
    timings = folder.table("run_timings")
    assert one_by_one["sha256"].tolist() == at_once["sha256"].tolist()
    assert one_by_one["started_at"].max() < at_once["started_at"].min()
    assert timings["strategy"].tolist() == ["sequential", "async"]
    assert timings["speedup_source"].tolist() == ["measured", "measured"]
    assert timings["speedup"][1] > 2
    assert set(origin.requests.values()) == {2}
    assert all(check.passed for check in result.get_asset_check_evaluations())
    assert len(result.get_asset_check_evaluations()) == 5


def test_the_ui_gets_numbers_to_plot(origin: Origin, folder: Folder) -> None:
    """The contract's keys, and no key for an outcome that did not occur."""
    urls = [f"{origin.url}/page/1", f"{origin.url}/status/404"]

    result = run("compare_sequential_async", folder, folder.write_list(urls))

    pages = metadata(result, "page_lengths.store")
    assert {name: pages[name] for name in ("dagster/row_count", "fetched", "http_error")} == {
        "dagster/row_count": 2,
        "fetched": 1,
        "http_error": 1,
    }
    assert {"wall_s", "pages_per_s", "concurrency"} <= set(pages)
    assert "timeout" not in pages
    assert [dict(record.data) for record in pages["failures"].records] == [
        {"line": 2, "url": urls[1], "outcome": "http_error", "detail": "status 404"}
    ]
    assert pages["waterfall"].startswith("![waterfall](data:image/svg+xml,")
    timings = metadata(result, "run_timings")
    numbers = ("sequential_wall_s", "async_wall_s", "speedup", "efficiency")
    assert all(isinstance(timings[name], float) for name in numbers)
    assert 0 < timings["efficiency"] <= 1
    assert len(timings["comparison"]) < 1000


def test_timings_work_with_one_strategy_alone(origin: Origin, folder: Folder) -> None:
    """Nothing sequential was ever materialized."""
    result = run("fetch_pages", folder, folder.write_list([f"{origin.url}/page/1"]))

    timings = metadata(result, "run_timings")
    assert "sequential_wall_s" not in timings
    assert folder.table("run_timings")["speedup_source"].tolist() == ["estimated"]


def test_a_second_day_replaces_the_pages_and_appends_to_the_timings(
    origin: Origin, folder: Folder
) -> None:
    """Replace semantics for one, append for the other."""
    path = folder.write_list([f"{origin.url}/page/1", f"{origin.url}/page/2"])
    first = run("fetch_pages", folder, path)
    folder.write_list([f"{origin.url}/page/3"])

    second = run("fetch_pages", folder, path)

    assert folder.table("page_lengths")["run_id"].tolist() == [second.run_id]
    assert folder.table("run_timings")["run_id"].tolist() == [first.run_id, second.run_id]


def test_a_failing_list_leaves_the_tables_as_they_were(origin: Origin, folder: Folder) -> None:
    """And the run is no success."""
    path = folder.write_list([f"{origin.url}/page/1"])
    first = run("fetch_pages", folder, path)
    path.write_text("# nothing left\n", encoding="utf-8")

    second = run("fetch_pages", folder, path, check=False)

    assert not second.success
    assert folder.table("page_lengths")["run_id"].tolist() == [first.run_id]
    assert len(folder.table("url_list")) == 1


def test_a_missing_list_is_one_clear_error(folder: Folder) -> None:
    """It names the file and the fix."""
    result = run("fetch_pages", folder, folder.path / "none.txt", check=False)

    (failure,) = [e for e in result.all_events if e.is_step_failure]
    assert not result.success
    assert "none.txt does not exist: put a URL list there" in str(failure.event_specific_data)


def test_too_many_failures_warn_but_do_not_fail(origin: Origin, folder: Folder) -> None:
    """Some pages failing is the web; how many are too many is configured."""
    path = folder.write_list([f"{origin.url}/status/404", f"{origin.url}/page/1"])

    strict = run("fetch_pages", folder, path)
    lenient = run("fetch_pages", folder, path, page_lengths_failures_below_limit={"limit": 0.5})

    def passed(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
        return {e.check_name: e.passed for e in result.get_asset_check_evaluations()}

    assert strict.success
    assert passed(strict) == {"every_url_has_one_row": True, "failures_below_limit": False}
    assert passed(lenient)["failures_below_limit"]


def test_pages_that_all_fail_are_no_failure_of_the_run(folder: Folder) -> None:
    """Every URL has its row, and its reason."""
    path = folder.write_list(["http://127.0.0.1:1/", "http://10.0.0.1/", "nonsense"])

    assert run("fetch_pages", folder, path).success
    assert folder.table("page_lengths")["outcome"].tolist() == [
        "connect_error",
        "refused_address",
        "invalid_url",
    ]


def test_a_list_without_a_single_url_has_its_rows(folder: Folder) -> None:
    """There is nothing to fetch, to time or to draw, and nothing breaks."""
    path = folder.write_list(["nonsense", "more nonsense"])

    result = run("compare_sequential_async", folder, path)

    assert result.success
    assert folder.table("page_lengths")["outcome"].tolist() == ["invalid_url"] * 2


def test_a_stored_fetch_leaves_no_journal(origin: Origin, folder: Folder) -> None:
    """What is in the table need not be anywhere else."""
    path = folder.write_list([f"{origin.url}/page/1"])

    run("fetch_pages", folder, path)

    journals = folder.path / "journals"
    assert [file.name for file in journals.rglob("*") if file.is_file()] == ["fetch.lock"]


@pytest.mark.parametrize(
    ("op", "config", "field"),
    [
        ("page_lengths", {"concurrency": 0}, "concurrency: .* greater than or equal to 1, not 0"),
        ("page_lengths", {"resume_within_s": -1}, "resume_within_s: .* not -1"),
        ("page_lengths", {"concurency": 5}, "concurency"),
        ("page_lengths", {"refetch": "some"}, "refetch"),
    ],
)
def test_bad_config_is_refused_by_name(
    origin: Origin, folder: Folder, op: str, config: Mapping[str, Any], field: str
) -> None:
    """Before anything is fetched."""
    path = folder.write_list([f"{origin.url}/page/1"])

    with pytest.raises(dg.DagsterInvalidConfigError, match=field):
        run("fetch_pages", folder, path, **{op: config})

    assert not origin.requests


def test_hosts_are_treated_as_the_run_config_says(folder: Folder) -> None:
    """All of it from YAML: robots.txt, limits, a name to complain to, and what courtesy cost."""

    def reply(visit: Visit) -> Reply:
        closed = visit.path == "/robots.txt"
        return Reply(body=b"User-agent: acme\nDisallow: /closed\n" if closed else b"x")

    polite = {
        "per_host_concurrency": 1,
        "per_host_delay_s": 0.1,
        "requests_per_s": 1000,
        "max_host_failures": 3,
        "obey_robots": True,
        "user_agent": "acme/1.0",
        "contact": "https://acme.example/bot",
        "deadline_s": 60,
    }
    with booked(reply) as origin:
        urls = [f"{origin.urls[0]}/{path}" for path in ("a", "closed", "b", "c")]
        result = run("fetch_pages", folder, folder.write_list(urls), fetcher=polite)

    pages, timings = metadata(result, "page_lengths.store"), metadata(result, "run_timings")
    assert folder.table("page_lengths")["outcome"].tolist() == [
        "fetched",
        "refused_robots",
        "fetched",
        "fetched",
    ]
    assert min(origin.gaps()) > 0.06
    assert {visit.headers["user-agent"] for visit in origin.visits} == {
        "acme/1.0 (+https://acme.example/bot)"
    }
    assert 0.24 <= pages["courtesy_s"] <= 0.36
    assert timings["courtesy_s"] == pages["courtesy_s"]
    assert pages["courtesy_s"] / pages["wall_s"] <= timings["efficiency"] + 0.01 <= 1.01


def test_headers_of_a_run_config_come_from_the_environment_and_are_told_nobody(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Only their host gets them; no table, event or log has a part of them."""
    monkeypatch.setenv("API_TOKEN", "Bearer alpha-bravo")
    headers = {"Authorization": {"env": "API_TOKEN"}, "X-Key": "charlie"}
    with booked(lambda _: Reply(), hosts=2) as origin, dg.DagsterInstance.ephemeral() as instance:
        path = folder.write_list([f"{url}/" for url in origin.urls])
        resources = folder.resources(headers={f"{origin.urls[0]}/": headers}, obey_robots=True)
        job = defs.resolve_job_def("compare_sequential_async")
        ops = {"url_list": {"config": {"path": str(path)}}}
        result = job.execute_in_process({"ops": ops, "resources": resources}, instance=instance)
        logged = [repr(entry) for entry in instance.all_logs(result.run_id)]

    sent = {(v.host, v.headers.get("authorization"), v.headers.get("x-key")) for v in origin.visits}
    names = ("url_list", "page_lengths_sequential", "page_lengths", "run_timings")
    tables = [folder.table(name).to_csv() for name in names]
    told = "".join([*tables, *logged, *capfd.readouterr()])
    assert len(origin.visits) == 2 * 2 * 2
    assert sent == {(0, "Bearer alpha-bravo", "charlie"), (1, None, None)}
    assert told.count("2 rows: 2 fetched") >= 2
    assert [word for word in ("alpha", "bravo", "charlie") if word in told] == []


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (None, 'the environment variable "API_TOKEN" which is not set'),
        (
            "hunter2\nInjected: x",
            "headers: Authorization of https://a.example: a value is one line",
        ),
    ],
)
def test_a_header_that_the_environment_does_not_have_is_one_clear_error(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, value: str | None, error: str
) -> None:
    """It names the variable, or the header, and shows no value."""
    if value:
        monkeypatch.setenv("API_TOKEN", value)
    headers = {"https://a.example": {"Authorization": {"env": "API_TOKEN"}}}
    path = folder.write_list(["https://a.example/"])

    with pytest.raises(dg.DagsterInvalidConfigError, match=error) as caught:
        run("fetch_pages", folder, path, fetcher={"headers": headers})

    assert "hunter" not in "".join(traceback.format_exception(caught.value))


def test_headers_of_the_definitions_come_from_the_environment(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the run begins; the host may be written in any way here too."""
    with booked(lambda _: Reply()) as origin:
        knobs = {name: each["config"] for name, each in folder.resources().items()}
        headers = {origin.urls[0].upper(): {"Authorization": dg.EnvVar("API_TOKEN")}}
        resources = {
            "fetcher": Fetcher(headers=headers, **knobs["fetcher"]),
            "journals": Journals(**knobs["journals"]),
            "warehouse": WarehouseResource(**knobs["warehouse"]),
        }
        family = list_family(str(folder.write_list([f"{origin.urls[0]}/"])))
        whole = dg.Definitions.merge(family, dg.Definitions(resources=resources))
        monkeypatch.setenv("API_TOKEN", "Bearer alpha-bravo")
        whole.resolve_job_def("fetch_pages").execute_in_process()

    assert [visit.headers["authorization"] for visit in origin.visits] == ["Bearer alpha-bravo"]


def test_the_second_day_from_a_run_config(folder: Folder) -> None:
    """Revalidated, then only what failed; the UI gets how much of the web moved."""

    def reply(visit: Visit) -> Reply:
        if visit.path == "/broken":
            return Reply(status=200 if visit.times > 1 else 500)
        known = visit.headers.get("if-none-match")
        return Reply(status=304 if known == '"1"' else 200, headers={"ETag": '"1"'})

    with booked(reply) as origin:
        path = folder.write_list([f"{origin.urls[0]}/{name}" for name in ("a", "broken", "b")])
        first = run("fetch_pages", folder, path)
        second = run("fetch_pages", folder, path, fetcher={"revalidate": True})
        third = run("fetch_pages", folder, path, page_lengths={"refetch": "failed"})

    days = [metadata(day, "page_lengths.store") for day in (first, second, third)]
    told = {name for name in days[0] if name.startswith("pages_") and name != "pages_per_s"}
    assert told == set()
    assert (days[1]["not_modified"], days[1]["http_error"], days[1]["pages_same"]) == (2, 1, 2)
    assert (days[2]["not_modified"], days[2]["fetched"], days[2]["pages_new"]) == (2, 1, 1)
    assert folder.table("run_timings")["requested"].tolist() == [3, 3, 1]
    assert len(origin.visits) == 3 + 3 + 1


def test_tables_are_read_by_a_process_that_has_just_started(origin: Origin, folder: Folder) -> None:
    """A downstream asset gets yesterday's table as a frame."""
    run("fetch_pages", folder, folder.write_list([f"{origin.url}/page/1?bytes=3000"]))
    program = f"""
import dagster as dg, pandas as pd
from fetch_pipeline.defs.resources import WarehouseResource

@dg.asset(
    ins={{"page_lengths": dg.AssetIn(input_manager_key="warehouse")}}, io_manager_key="warehouse"
)
def long_pages(page_lengths: pd.DataFrame) -> pd.DataFrame:
    return page_lengths[page_lengths["body_bytes"] > 1000][["url", "body_bytes"]]

warehouse = WarehouseResource(url="duckdb:///{folder.path}/warehouse.duckdb")
upstream = dg.AssetSpec("page_lengths")
dg.materialize([long_pages, upstream], resources={{"warehouse": warehouse}})
"""
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)

    assert folder.table("long_pages")["body_bytes"].tolist() == [3000]
