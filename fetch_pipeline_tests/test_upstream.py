"""What we depend upon in Dagster, pinned: a failure here reads as "Dagster changed"."""

import asyncio

import dagster as dg


def test_one_loop_for_a_whole_run_in_process() -> None:
    """So a task that outlives its op would run inside the next one: ours are all in task groups."""
    loops = []

    @dg.op
    async def first() -> int:
        loops.append(asyncio.get_running_loop())
        return 1

    @dg.op
    async def second(number: int) -> None:
        del number
        loops.append(asyncio.get_running_loop())

    @dg.job(executor_def=dg.in_process_executor)
    def both() -> None:
        second(first())

    both.execute_in_process()

    assert loops[0] is loops[1]


def test_a_blocking_check_fails_the_run_and_another_one_does_not() -> None:
    """The exit code of the contract rests on this."""

    def checked(*, blocking: bool) -> bool:
        @dg.asset
        def table() -> None: ...

        @dg.asset_check(asset=table, blocking=blocking)
        def check() -> dg.AssetCheckResult:
            return dg.AssetCheckResult(passed=False)

        return dg.materialize([table, check], raise_on_error=False).success

    assert (checked(blocking=True), checked(blocking=False)) == (False, True)


def test_priorities_order_the_steps_of_a_run() -> None:
    """The comparison fetches sequentially before it fetches concurrently because of this."""
    order = []

    def step(name: str, priority: int) -> dg.AssetsDefinition:
        @dg.asset(name=name, op_tags={"dagster/priority": str(priority)})
        def _step() -> None:
            order.append(name)

        return _step

    dg.materialize([step("a", 0), step("b", 2), step("c", 1)])

    assert order == ["b", "c", "a"]


def test_a_run_config_makes_dagster_forget_what_a_resource_was_given() -> None:
    """Why `Fetcher` makes a schema of its own. When this fails, it need not any more."""
    got = []

    class Pair(dg.ConfigurableResource):  # type: ignore[type-arg]
        a: int = 1
        b: int = 2

    @dg.op
    def take(pair: Pair) -> None:
        got.append((pair.a, pair.b))

    @dg.job(resource_defs={"pair": Pair(a=10, b=20)})
    def job() -> None:
        take()

    job.execute_in_process({"resources": {"pair": {"config": {"a": 5}}}})

    assert got == [(5, 2)]
