"""`--version`."""

from importlib.metadata import version

from loopctl_pipelines_tests.shell import Shell


def test_the_version_is_that_of_the_package(shell: Shell) -> None:
    shown = f"loopctl-pipelines {version('loopctl-pipelines')}\n"
    assert shell.run("--version") == (0, shown, "")
    assert shell.run("--traceback", "--version") == (0, shown, "")
