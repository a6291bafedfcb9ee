"""The search for leaks finds them where they exist."""

import base64
import zlib
from collections.abc import Callable

import pytest
from dagster import AssetExecutionContext, DagsterInstance, Failure, asset, materialize

from loopctl_pipelines_tests.knowledge.traces import HEAD, TAIL, Traces


def _raise(_: AssetExecutionContext) -> None:
    raise RuntimeError(HEAD)


def _raise_from(_: AssetExecutionContext) -> None:
    raise Failure("Clean by itself.") from ValueError(HEAD)


def _log(context: AssetExecutionContext) -> None:
    context.log.info("Refused: ****%s", HEAD[-4:])


def _print(_: AssetExecutionContext) -> None:
    print(HEAD[:6], flush=True)  # noqa: T201 - the leak to find


def _attach(context: AssetExecutionContext) -> None:
    context.add_output_metadata({"answer": {"nested": [HEAD]}})


def _tag(context: AssetExecutionContext) -> None:
    context.instance.add_run_tags(context.run.run_id, {"key": HEAD})


@pytest.mark.parametrize(
    ("leak", "place"),
    [
        (_raise, "public.event_logs"),
        (_raise_from, "public.event_logs"),
        (_log, "public.event_logs"),
        (_attach, "public.event_logs"),
        (_tag, "public.run_tags"),
        (_print, "stdout"),
    ],
    ids=lambda part: part.__name__ if callable(part) else part,
)
def test_a_leak_of_a_run_is_found(
    leak: Callable[[AssetExecutionContext], None],
    place: str,
    instance: DagsterInstance,
    traces: Traces,
) -> None:
    @asset
    def leaking(context: AssetExecutionContext) -> None:
        leak(context)

    materialize([leaking], instance=instance, raise_on_error=False)
    assert (place, "head of a key") in traces.found()


def test_a_leak_in_a_file_of_the_home_is_found_even_if_it_is_packed(traces: Traces) -> None:
    for name, content in {
        "plain": TAIL.encode(),
        "packed": zlib.compress(TAIL.encode()),
        "armoured": base64.b64encode(zlib.compress(TAIL.encode())),
    }.items():
        (traces.home / name).write_bytes(content)
    names = {place for place, _ in traces.found()}
    assert names == {"plain", "packed", "armoured"}
