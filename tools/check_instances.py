"""Checks Dagster's instance files with Dagster, and renders the Job of a run on Kubernetes.

It needs the extras `celery` and `k8s`:

    python -m tools.check_instances deploy/dagster.celery.yaml deploy/dagster.k8s.yaml > job.json
"""

import json
import os
import sys
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from dagster import DagsterInstance, DagsterRun

_RUN = "00000000-0000-0000-0000-000000000000"
# no server is asked for anything
_ENVIRONMENT = {
    "CELERY_BROKER_URL": "redis://localhost",
    "CELERY_RESULT_BACKEND": "redis://localhost",
}
_CLUSTER = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "none", "cluster": {"server": "https://localhost"}}],
    "contexts": [{"name": "none", "context": {"cluster": "none", "user": "none"}}],
    "users": [{"name": "none", "user": {}}],
    "current-context": "none",
}


def main() -> None:
    """Load the files named as arguments; an error names what Dagster refuses."""
    os.environ.update(_ENVIRONMENT)
    for path in map(Path, sys.argv[1:]):
        with TemporaryDirectory() as folder:
            launcher = _launcher(path, Path(folder))
        name = type(launcher).__name__
        sys.stderr.write(f"{path}: {name}\n")
        if name == "K8sRunLauncher":
            sys.stdout.write(json.dumps(_job_of_a_run(launcher), indent=2))


def _launcher(path: Path, folder: Path) -> Any:  # noqa: ANN401 - of a package that may be missing
    """Return the launcher that the instance has, outside of a cluster and without its database."""
    configuration = yaml.safe_load(path.read_text())
    del configuration["storage"]
    launcher = configuration["run_launcher"]
    if launcher["class"] == "K8sRunLauncher":
        (folder / "cluster").write_text(json.dumps(_CLUSTER))
        outside = {"load_incluster_config": False, "kubeconfig_file": str(folder / "cluster")}
        launcher["config"] |= outside
    (folder / "dagster.yaml").write_text(json.dumps(configuration))
    with DagsterInstance.from_config(str(folder)) as instance:
        return instance.run_launcher


def _job_of_a_run(launcher: Any) -> object:  # noqa: ANN401 - likewise
    container_context = import_module("dagster_k8s.container_context").K8sContainerContext
    job = import_module("dagster_k8s.job")
    context = container_context.create_for_run(
        DagsterRun("daily_costs", run_id=_RUN), launcher, include_run_tags=False
    )
    rendered = job.construct_dagster_k8s_job(
        context.get_k8s_job_config(job_image="loopctl-pipelines", run_launcher=launcher),
        ["dagster", "api", "execute_run"],
        "run",
        component="run_worker",
        user_defined_k8s_config=context.run_k8s_config,
    )
    return import_module("kubernetes").client.ApiClient().sanitize_for_serialization(rendered)


if __name__ == "__main__":
    main()
