"""A family in somebody else's project, from ten lines of YAML."""

import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from dagster.components.testing import create_defs_folder_sandbox

from fetch_pipeline.components import FetchPages
from fetch_pipeline.defs.fetcher import Fetcher
from fetch_pipeline.demo.origin import Origin
from fetch_pipeline_tests.book_origin import Reply, Visit, booked
from fetch_pipeline_tests.tools import run_tool

TYPE = "fetch_pipeline.components.FetchPages"
OWN_ORIGIN = {
    "allow_addresses": ["127.0.0.0/8"],
    "per_host_concurrency": None,
    "per_host_delay_s": 0,
    "obey_robots": False,
    "max_attempts": 1,
}


@contextmanager
def loaded(*components: Mapping[str, Any], urls: str = "") -> Iterator[dg.Definitions]:
    """Load a project that has a folder for each of these components, each with a list beside it."""
    with create_defs_folder_sandbox() as sandbox:
        for attributes in components:
            folder = sandbox.scaffold_component(
                FetchPages, defs_yaml_contents={"type": TYPE, "attributes": dict(attributes)}
            )
            (folder / "urls.txt").write_text(urls, encoding="utf-8")
        with sandbox.build_all_defs() as definitions:
            yield definitions


def test_three_lines_make_a_family() -> None:
    """Its assets, checks, jobs, schedule and sensor, loadable as they are."""
    with loaded({"path": "urls.txt", "prefix": "blog"}) as definitions:
        dg.Definitions.validate_loadable(definitions)

        assert {key.to_user_string() for key in definitions.resolve_all_asset_keys()} == {
            "blog/url_list",
            "blog/page_lengths_sequential",
            "blog/page_lengths",
            "blog/run_timings",
        }
        assert {job.name for job in definitions.resolve_all_job_defs()} >= {
            "blog_fetch_pages",
            "blog_compare_sequential_async",
        }
        assert definitions.resolve_schedule_def("blog_fetch_pages_schedule").cron_schedule
        assert definitions.resolve_sensor_def("blog_fetch_pages_on_list_change").targets


def test_a_family_has_its_own_settings() -> None:
    """Two of them in one project, each with another policy, warehouse and schedule."""
    news = {
        "path": "urls.txt",
        "prefix": "news",
        "cron": "0 * * * *",
        "concurrency": 8,
        "warehouse": "duckdb:////srv/news.duckdb",
        "fetcher": {"max_attempts": 7},
    }
    with loaded({"path": "urls.txt"}, news) as definitions:
        resources = definitions.resources or {}

        assert isinstance(resources["news_fetcher"], Fetcher)
        assert resources["news_fetcher"].max_attempts == 7
        assert resources["fetcher"].max_attempts == Fetcher().max_attempts
        assert resources["news_warehouse"].url == "duckdb:////srv/news.duckdb"
        assert definitions.resolve_schedule_def("news_fetch_pages_schedule").cron_schedule == (
            "0 * * * *"
        )


def test_it_fetches_the_list_beside_its_yaml_into_tables_below_the_project(
    origin: Origin,
) -> None:
    """Wherever Dagster was started."""
    attributes = {"path": "urls.txt", "prefix": "blog", "fetcher": OWN_ORIGIN}
    with loaded(attributes, urls=f"{origin.url}/page/1?bytes=3000\n") as definitions:
        result = definitions.resolve_job_def("blog_compare_sequential_async").execute_in_process()

        (url,) = [r.url for r in (definitions.resources or {}).values() if hasattr(r, "url")]
        with duckdb.connect(url.removeprefix("duckdb:///"), read_only=True) as tables:
            rows = tables.sql("SELECT outcome, body_bytes FROM blog.page_lengths").fetchall()
        assert result.success
        assert rows == [("fetched", 3000)]
        assert url.endswith("/data/fetch_pipeline.duckdb")
        assert Path(url.removeprefix("duckdb:///")).is_absolute()


def test_a_list_is_found_beside_a_python_file_too() -> None:
    """The component knows the file then, not its folder."""
    with create_defs_folder_sandbox() as sandbox:
        file = sandbox.defs_folder_path / "blog" / "component.py"
        file.parent.mkdir()
        file.with_name("urls.txt").write_text("http://a.org/", encoding="utf-8")
        file.write_text(
            "import dagster as dg\n"
            "from fetch_pipeline.components import FetchPages\n\n"
            "@dg.component_instance\n"
            "def load(context: dg.ComponentLoadContext) -> FetchPages:\n"
            "    return FetchPages(path='urls.txt')\n",
            encoding="utf-8",
        )
        with sandbox.build_all_defs() as definitions:
            sensor = definitions.resolve_sensor_def("fetch_pages_on_list_change")
            evaluation = sensor.evaluate_tick(dg.build_sensor_context())

    assert evaluation.cursor, evaluation.skip_message


def test_its_concurrency_is_the_default_of_its_runs(origin: Origin) -> None:
    """And a run config still has the last word."""
    attributes = {"path": "urls.txt", "concurrency": 3, "fetcher": OWN_ORIGIN}
    own = {"ops": {"page_lengths": {"config": {"concurrency": 5}}}}
    with loaded(attributes, urls=f"{origin.url}/page/1") as definitions:
        job = definitions.resolve_job_def("fetch_pages")

        runs = [job.execute_in_process(), job.execute_in_process(own)]

        assert [_concurrency(run) for run in runs] == [3, 5]


def test_a_secret_comes_from_the_environment_when_the_run_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the UI shows of the resource is the name of the variable."""

    def reply(visit: Visit) -> Reply:
        return Reply(status=200 if visit.headers.get("authorization") == "Bearer s3cret" else 401)

    with booked(reply) as origin:
        fetcher = {**OWN_ORIGIN, "headers": {origin.urls[0]: {"Authorization": {"env": "TOKEN"}}}}
        attributes = {"path": "urls.txt", "prefix": "api", "fetcher": fetcher}
        with loaded(attributes, urls=f"{origin.urls[0]}/") as definitions:
            job = definitions.resolve_job_def("api_fetch_pages")
            shown = repr(job.resource_defs["api_fetcher"].config_schema.as_field().default_value)
            monkeypatch.setenv("TOKEN", "Bearer s3cret")

            result = job.execute_in_process()

    (stored,) = result.asset_materializations_for_node("api__page_lengths.api_store")
    assert "'env': 'TOKEN'" in shown
    assert stored.metadata["fetched"].value == 1


def test_editors_are_told_what_each_attribute_is() -> None:
    """With type and bounds, for those that read the schema."""
    attributes = FetchPages.model().model_json_schema()["properties"]
    knobs = attributes["fetcher"]["properties"]

    assert set(attributes) == set(FetchPages.model_fields)
    assert all(attribute.get("description") for attribute in attributes.values())
    assert set(knobs) == set(Fetcher.model_fields)
    assert all(knob["else"]["description"] for knob in knobs.values())


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({}, "path"),
        ({"path": "u.txt", "concurrency": 0}, "concurrency"),
        ({"path": "u.txt", "prefix": "my blog"}, "prefix"),
        ({"path": "u.txt", "prefix": "Blog"}, "prefix"),
        ({"path": "u.txt", "prefix": "main"}, "prefix 'main'"),
        ({"path": ""}, "path"),
        ({"path": "."}, "path '.' is a folder"),
        ({"path": "u.txt", "colum": "url"}, "colum"),
        ({"path": "u.txt", "failure_limit": 7}, "failure_limit"),
        ({"path": "u.txt", "cron": "30 25 * * *"}, "cron '30 25 * * *' of a family"),
        ({"path": "u.txt", "warehouse": "mysql://a/b"}, "mysql://a/b"),
        ({"path": "u.txt", "warehouse": "duckdb:///"}, "warehouse url 'duckdb:///'"),
        ({"path": "u.txt", "fetcher": {"ca_file": "certs/none.pem"}}, "certs/none.pem"),
        ({"path": "u.txt", "fetcher": {"max_attempts": 0}}, "max_attempts"),
        ({"path": "u.txt", "fetcher": {"max_atempts": 1}}, "max_atempts"),
        ({"path": "u.txt", "fetcher": {"per_host_delay_s": "slow"}}, "per_host_delay_s"),
        ({"path": "u.txt", "fetcher": {"allow_addresses": ["all"]}}, "allow_addresses"),
    ],
)
def test_bad_values_are_refused_by_name(attributes: Mapping[str, Any], message: str) -> None:
    """When the definitions are loaded, not when the first page is fetched."""
    with pytest.raises(Exception) as refused, loaded(attributes):  # noqa: PT011 - Dagster's own
        pass

    assert message in "".join(_messages(refused.value))


def _messages(error: BaseException | None) -> Iterator[str]:
    while error:
        yield str(error)
        error = error.__cause__ or error.__context__


def _concurrency(run: dg.ExecuteInProcessResult) -> object:
    (event,) = run.asset_materializations_for_node("page_lengths.store")
    return event.metadata["concurrency"].value


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make a project as `create-dagster` does, whose only definition is our component."""
    files = {
        "pyproject.toml": """
            [project]
            name = "acme"
            version = "1"
            [tool.dg]
            directory_type = "project"
            [tool.dg.project]
            root_module = "acme"
            [tool.dg.cli.telemetry]
            enabled = false
            """,
        "dagster.yaml": "telemetry: {enabled: false}",
        "acme/__init__.py": "",
        "acme/definitions.py": """
            from pathlib import Path
            from dagster import definitions, load_from_defs_folder

            @definitions
            def defs():
                return load_from_defs_folder(path_within_project=Path(__file__).parent)
            """,
        "acme/defs/__init__.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(textwrap.dedent(text), encoding="utf-8")
    return tmp_path


def write_component(project: Path, attributes: str, urls: str = "") -> None:
    """Put the component into the project, with a list beside it."""
    folder = project / "acme" / "defs" / "blog"
    folder.mkdir(exist_ok=True)
    (folder / "defs.yaml").write_text(f"type: {TYPE}\nattributes: {attributes}", encoding="utf-8")
    (folder / "urls.txt").write_text(urls, encoding="utf-8")


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_second_project_finds_checks_and_launches_it(project: Path, origin: Origin) -> None:
    """With nothing but `dg`, and ten lines of YAML."""
    write_component(
        project,
        '{prefix: blog, path: urls.txt, fetcher: {allow_addresses: ["127.0.0.0/8"]}}',
        urls=f"{origin.url}/page/1?bytes=3000",
    )

    commands = ["list components", "check yaml", "check defs", "list defs"]
    said = {command: run_tool(project, "dg", *command.split()) for command in commands}
    launched, log = run_tool(project, "dg", "launch", "--job", "blog_fetch_pages")

    assert {command: code for command, (code, _) in said.items()} == dict.fromkeys(commands, 0)
    assert TYPE in said["list components"][1]
    assert "blog/page_lengths" in said["list defs"][1]
    assert launched == 0, log
    assert "blog/page_lengths: 1 URLs, 1 fetched, 0 failed" in log
    assert (project / "data" / "fetch_pipeline.duckdb").is_file()


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_both_strategies_take_turns_whatever_the_projects_executor(
    project: Path, origin: Origin
) -> None:
    """Dagster's usual one starts both fetches at once."""
    urls = "\n".join(f"{origin.url}/page/{n}?latency_s=0.2" for n in range(10))
    knobs = '{allow_addresses: ["127.0.0.0/8"], per_host_delay_s: 0, obey_robots: false}'
    write_component(project, f"{{path: urls.txt, fetcher: {knobs}}}", urls)

    code, said = run_tool(project, "dg", "launch", "--assets", "*")

    with duckdb.connect(project / "data" / "fetch_pipeline.duckdb", read_only=True) as tables:
        times = "epoch(min(started_at)), epoch(max(started_at)) + 0.2"
        first, second = sorted(
            tables.sql(f"SELECT {times} FROM {name}").fetchall()[0]  # noqa: S608 - ours
            for name in ("page_lengths", "page_lengths_sequential")
        )
    assert code == 0, said
    assert "Launching subprocess" in said
    assert first[1] <= second[0]


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_it_can_be_scaffolded(project: Path) -> None:
    """What `dg` writes is valid as it stands."""
    scaffolded, said = run_tool(project, "dg", "scaffold", "defs", TYPE, "blog")
    checked, message = run_tool(project, "dg", "check", "defs")

    assert scaffolded == 0, said
    assert checked == 0, message
    assert (project / "acme" / "defs" / "blog" / "urls.txt").is_file()


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ("{path: u.txt, concurrency: 0}", "attributes.concurrency 0 is less than the minimum"),
        ("{path: u.txt, concurrency: many}", "concurrency 'many' is not of type 'integer'"),
        ("{path: u.txt, prefix: my-blog}", "attributes.prefix 'my-blog' does not match"),
        ("{path: u.txt, cron: each morning}", "attributes.cron 'each morning' does not match"),
        ("{path: u.txt, warehouse: 'mysql://a'}", "attributes.warehouse 'mysql://a' does not"),
        ("{path: u.txt, colum: url}", "'colum' was unexpected"),
        ("{path: u.txt, fetcher: {max_attempts: 0}}", "max_attempts 0 is less than the minimum"),
        ("{path: u.txt, fetcher: {max_atempts: 1}}", "'max_atempts' was unexpected"),
        ("{path: u.txt, fetcher: {deadline_s: soon}}", "attributes.fetcher.deadline_s 'soon'"),
        ("{path: u.txt, fetcher: {max_redirects: x}}", "max_redirects 'x' is not of type"),
    ],
)
def test_dg_names_the_line_and_the_field_that_is_wrong(
    project: Path, attributes: str, message: str
) -> None:
    """Without loading anything."""
    write_component(project, attributes)

    code, said = run_tool(project, "dg", "check", "yaml")

    assert code == 1
    assert "defs.yaml:2" in said
    assert message in said


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_value_from_the_environment_may_stand_for_any_knob(project: Path) -> None:
    """As a template, or by the name of a variable where a secret may be."""
    knobs = """{max_attempts: '{{ env("N", "7") }}', unguarded_proxy: true, proxy: {env: PROXY},
        headers: {"https://a.example": {Authorization: {env: TOKEN}, X-Plain: text}}}"""
    write_component(project, f"{{path: u.txt, fetcher: {knobs}}}")

    code, said = run_tool(project, "dg", "check", "defs")

    assert code == 0, said
