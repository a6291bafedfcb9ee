"""The files of deploy/ and the Dockerfile agree with the code and with each other.

`make deploy-check` validates them against the schemas of Compose and Kubernetes.
"""

import re
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

import pytest
from dagster import DagsterInstance

from loopctl_pipelines_tests.deploy.files import (
    DEPLOY,
    DOCKERFILE,
    INSTANCES,
    ROOT,
    commands,
    composed,
    read,
    resources,
    scheduled,
    services,
)
from loopctl_pipelines_tests.settings_read import settings_read
from loopctl_pipelines_tests.shell import Shell

_ROLES = {"migration", "code-location", "webserver", "daemon", "api"}
_OWN_INSTANCE = ROOT / "loopctl_pipelines" / "orchestration" / "dagster.yaml"

each_instance = pytest.mark.parametrize("path", INSTANCES, ids=lambda path: path.name)


@each_instance
def test_dagster_opens_each_instance(
    path: Path, dagster_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOPCTL_DAGSTER_URL", dagster_url)
    with DagsterInstance.from_config(str(path.parent), path.name) as instance:
        assert instance.get_runs_count() == 0
        assert instance.run_monitoring_enabled


@each_instance
def test_each_instance_has_the_queue_storage_and_retries_of_the_project(path: Path) -> None:
    own, other = read(_OWN_INSTANCE), read(path)
    assert other["storage"]["custom"]["config"].pop("partitions_per_run") > 0
    for name in ("storage", "run_coordinator", "concurrency", "run_retries", "telemetry", "nux"):
        assert other[name] == own[name], name


def test_every_setting_named_exists() -> None:
    texts = [path.read_text() for path in DEPLOY.rglob("*") if path.is_file()]
    named = {
        name for text in [*texts, DOCKERFILE] for name in re.findall(r"\bLOOPCTL_[A-Z_]+\b", text)
    }
    assert {"LOOPCTL_DATABASE_URL", "LOOPCTL_DAGSTER_URL"} < named <= settings_read()


def test_every_command_named_exists(tmp_path: Path) -> None:
    scripts = {script.name for script in entry_points(group="console_scripts")}
    for program, *arguments in sorted(commands()):
        match program:
            case "python" if arguments[0] == "-m":
                assert find_spec(arguments[1]), arguments
            case "python":
                compile(arguments[1], "-c", "exec")
            case "celery":
                # it comes with the extra, which the image has
                assert "\ncelery==" in (ROOT / "requirements-image.lock").read_text()
            case "loopctl-pipelines":
                code, _, errors = Shell(tmp_path).run(*arguments, "--help")
                assert code == 0, errors
            case _:
                assert program in scripts


def test_every_role_runs_the_one_image() -> None:
    [image] = {container.image for container in composed()}
    assert {container.image for container in scheduled()} == {image}
    assert [each["name"] for each in read(DEPLOY / "kustomization.yaml")["images"]] == [image]


def test_compose_and_kubernetes_run_every_role() -> None:
    assert {container.role for container in composed()} == _ROLES | {"worker"}
    assert {container.role for container in scheduled()} == _ROLES


def test_both_run_a_role_with_the_same_program() -> None:
    by_role = {container.role: container.command[:4] for container in composed()}
    for container in scheduled():
        assert container.command[:4] == by_role[container.role], container.role


def test_every_service_of_compose_says_whether_it_is_healthy() -> None:
    # the check of the webserver is in the image
    assert "HEALTHCHECK" in DOCKERFILE
    assert [name for name, each in services().items() if "healthcheck" not in each] == ["webserver"]


def test_every_deployment_has_probes_and_no_root() -> None:
    for resource in resources():
        if resource["kind"] == "Deployment":
            pod = resource["spec"]["template"]["spec"]
            [container] = pod["containers"]
            assert {"startupProbe", "livenessProbe"} <= container.keys()
            assert pod["securityContext"]["runAsNonRoot"]


def test_the_image_is_not_root_and_starts_no_database_of_its_own() -> None:
    final = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001:10001$", final, re.MULTILINE)
    assert "LOOPCTL_EMBEDDED_POSTGRES=no" in final
    assert "LOOPCTL_HOME=/data " in final


def test_the_files_that_the_image_takes_are_there_and_not_ignored() -> None:
    taken = {
        name
        for names in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
        for name in names.split()
    }
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert taken == {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert all((ROOT / name).exists() for name in taken)


def test_webserver_and_daemon_find_the_code_location() -> None:
    [location] = (each["grpc_server"] for each in read(DEPLOY / "workspace.yaml")["load_from"])
    ports = {
        each["metadata"]["name"]: [port["port"] for port in each["spec"]["ports"]]
        for each in resources()
        if each["kind"] == "Service"
    }
    assert ports[location["host"]] == [location["port"]]
    assert str(location["port"]) in services()[location["host"]]["command"]


def test_kubernetes_has_what_runs_name() -> None:
    kustomization = read(DEPLOY / "kustomization.yaml")
    launcher = read(DEPLOY / "dagster.k8s.yaml")["run_launcher"]["config"]
    names = {(each["kind"], each["metadata"]["name"]) for each in resources()}
    generated = [each["name"] for each in kustomization["configMapGenerator"]]
    assert launcher["job_namespace"] == kustomization["namespace"]
    assert [launcher["instance_config_map"]] == generated
    assert ("ServiceAccount", launcher["service_account_name"]) in names
    assert {("ConfigMap", name) for name in launcher["env_config_maps"]} <= names
    assert {("Secret", name) for name in launcher["env_secrets"]} <= names


def test_no_file_of_kubernetes_is_left_out() -> None:
    named = {DEPLOY / name for name in read(DEPLOY / "kustomization.yaml")["resources"]}
    assert named == set((DEPLOY / "k8s").iterdir())
