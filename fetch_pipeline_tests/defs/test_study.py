"""A list fetched at one concurrency after the other."""

import logging
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from fetch_pipeline.definitions import defs
from fetch_pipeline.defs.study import politeness_warning
from fetch_pipeline.defs.studying import is_this_machine
from fetch_pipeline.demo.origin import Origin
from fetch_pipeline_tests.defs.test_family import metadata
from fetch_pipeline_tests.defs.test_family import run as fetch
from fetch_pipeline_tests.fetching import Folder


def study(
    folder: Folder, path: Path | None = None, *, check: bool = True, **config: Any
) -> dg.ExecuteInProcessResult:
    """Run the job, with everything kept in `folder`."""
    given = {**({"path": str(path)} if path else {}), **config}
    return defs.resolve_job_def("concurrency_study").execute_in_process(
        {
            "ops": {"concurrency_study": {"config": given}},
            "resources": folder.resources(max_attempts=1, read_timeout_s=0.3),
            "loggers": {"console": {"config": {"log_level": "ERROR"}}},
        },
        raise_on_error=check,
    )


def shown(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    """Return the metadata on the page of the asset."""
    return dict(metadata(result, "concurrency_study.study_levels"))


def slow_pages(origin: Origin, folder: Folder, pages: int = 8) -> Path:
    """Write a list of pages that take 0.1 s each."""
    return folder.write_list(f"{origin.url}/page/{n}?latency_s=0.1" for n in range(pages))


def test_each_level_is_a_row_and_the_fewest_workers_that_suffice_are_recommended(
    origin: Origin, folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twenty pages of 0.1 s: 2 s, 1 s, 0.5 s, 0.3 s, 0.2 s, and that of nineteen too."""
    result = study(folder, slow_pages(origin, folder, pages=20), up_to=19)

    rows, told = folder.table("concurrency_study"), shown(result)
    assert rows["concurrency"].tolist() == [1, 2, 4, 8, 16, 19]
    assert rows["strategy"].tolist() == ["sequential", *["async"] * 5]
    assert set(rows["run_id"]) == {result.run_id}
    assert rows["wall_s"][0] > 2 * rows["wall_s"][3]
    assert told["recommended_concurrency"] in {8, 16, 19}
    assert told["concurrency_chart"].startswith("![wall time](data:image/svg+xml,")
    assert {f"wall_s_at_{level}" for level in (1, 2, 4, 8, 16, 19)} <= set(told)
    assert f"{told['recommended_concurrency']} at once: " in capsys.readouterr().out


def test_every_page_is_asked_for_once_per_level(origin: Origin, folder: Folder) -> None:
    """Nothing is kept from one fetch to the next."""
    pages = [f"{origin.url}/page/{n}" for n in range(4)]
    path = folder.write_list([*pages, pages[0], "nonsense"])

    study(folder, path, up_to=4)

    assert set(origin.requests.values()) == {3}
    assert folder.table("concurrency_study")["requested"].tolist() == [4, 4, 4]


def test_more_workers_than_pages_are_not_tried(origin: Origin, folder: Folder) -> None:
    """They would ask for everything once more, to no end."""
    path = folder.write_list(f"{origin.url}/page/{n}" for n in range(3))

    study(folder, path, up_to=64)

    assert folder.table("concurrency_study")["concurrency"].tolist() == [1, 2, 3]
    assert set(origin.requests.values()) == {3}


def test_where_nothing_could_be_fetched_it_says_so(
    origin: Origin, folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    """To fail at any concurrency is no advice."""
    result = study(folder, folder.write_list([f"{origin.url}/status/404"]))

    assert shown(result)["concurrency_advice"].startswith("not one page was fetched")
    assert "not one page was fetched: nothing to compare" in capsys.readouterr().out


def test_a_second_study_is_added_to_the_first(origin: Origin, folder: Folder) -> None:
    """Rows are never replaced, and no table of pages is made."""
    path = slow_pages(origin, folder, pages=2)

    runs = [study(folder, path, up_to=1).run_id, study(folder, path, up_to=2).run_id]

    assert folder.table("concurrency_study")["run_id"].tolist() == [runs[0], runs[1], runs[1]]
    with pytest.raises(Exception, match="no table page_lengths"):
        folder.table("page_lengths")


def test_a_family_of_the_same_list_is_advised_by_the_study(origin: Origin, folder: Folder) -> None:
    """It was fetched at one concurrency only; the study knows the others."""
    path = slow_pages(origin, folder)
    study(folder, path)

    told = metadata(fetch("fetch_pages", folder, path), "run_timings")

    assert told["recommended_concurrency"] in {8, 64}
    assert "Rests on 5 runs of 8 pages at 1, 2, 4, 8, 64" in told["concurrency_advice"]


def test_without_a_list_the_pages_of_the_demo_are_studied(folder: Folder) -> None:
    """They need no network, and the policy is the demo's."""
    study(folder, up_to=64)

    rows = folder.table("concurrency_study")
    assert set(rows["fetched"]) == {36}
    assert rows["concurrency"].tolist() == [1, 2, 4, 8, 16, 32, 43]


def test_what_was_measured_before_a_failure_is_kept(origin: Origin, folder: Folder) -> None:
    """The warehouse has the level that ended; the one that was stopped is no row."""
    path = slow_pages(origin, folder, pages=1)
    study(folder, path, up_to=1)

    failed = study(folder, folder.path / "none.txt", check=False)

    assert not failed.success
    assert len(folder.table("concurrency_study")) == 1


def test_a_list_without_a_url_is_a_clear_error(folder: Folder) -> None:
    """There is nothing to measure."""
    result = study(folder, folder.write_list(["nonsense"]), check=False)

    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert "has no URL that could be fetched" in str(failure.event_specific_data)


def test_whoever_is_bothered_is_named(folder: Folder, caplog: pytest.LogCaptureFixture) -> None:
    """Before the first page is asked for: addresses that are refused, so that nobody is."""
    path = folder.write_list(f"http://10.0.0.{n}/" for n in range(1, 6))

    with caplog.at_level(logging.WARNING):
        result = study(folder, path, up_to=4)

    warning = shown(result)["politeness_warning"]
    assert warning.startswith("every page is asked for 3 times, of hosts that are not this machine")
    assert "http://10.0.0.1, http://10.0.0.2, http://10.0.0.3 and 2 more" in warning


def test_this_machine_may_be_bothered() -> None:
    """Nobody is warned of himself."""
    assert politeness_warning([], 7) == ""


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("http://127.0.0.1:80", True),
        ("https://127.200.3.4:8443", True),
        ("http://[::1]:80", True),
        ("http://localhost:8080", True),
        ("http://blog.localhost:80", True),
        ("http://10.0.0.1:80", False),
        ("http://localhost.example.org:80", False),
        ("http://notlocalhost:80", False),
        ("https://example.org:443", False),
    ],
)
def test_loopback_is_this_machine(host: str, is_ours: bool) -> None:  # noqa: FBT001 - pytest
    """By address, or by the names that RFC 6761 keeps for it."""
    assert is_this_machine(host) == is_ours


@pytest.mark.parametrize(("field", "value"), [("up_to", 0), ("up_to", 10_001), ("upto", 4)])
def test_bad_config_is_refused_by_name(folder: Folder, field: str, value: Any) -> None:
    """Before anything is fetched."""
    with pytest.raises(dg.DagsterInvalidConfigError, match=field):
        study(folder, **{field: value})
