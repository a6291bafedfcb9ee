"""The files of deploy/, read."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
DEPLOY: Final = ROOT / "deploy"
INSTANCES: Final = sorted(DEPLOY.glob("dagster.*.yaml"))
DOCKERFILE: Final = (ROOT / "Dockerfile").read_text()


@dataclass(frozen=True)
class Container:
    """What a container of Compose or Kubernetes runs.

    Attributes:
        role: the service or container.
        image: without the tag.
        command: program and arguments; empty: the image's own.
    """

    role: str
    image: str
    command: tuple[str, ...]


def read(path: Path) -> Any:  # noqa: ANN401 - YAML
    """Read a file with one document."""
    return yaml.safe_load(path.read_text())


def services() -> dict[str, Any]:
    """Return the services of Compose."""
    services: dict[str, Any] = read(DEPLOY / "compose.yaml")["services"]
    return services


def resources() -> list[Any]:
    """Return what kustomization.yaml takes, as it is in the files."""
    named = read(DEPLOY / "kustomization.yaml")["resources"]
    return [each for name in named for each in yaml.safe_load_all((DEPLOY / name).read_text())]


def composed() -> list[Container]:
    """Return the containers of Compose that run the image."""
    return [
        _container(role, service["image"], service["command"])
        for role, service in services().items()
        if role not in {"postgres", "redis"}
    ]


def scheduled() -> list[Container]:
    """Return the containers of Kubernetes."""
    return [
        _container(each["name"], each["image"], each["args"])
        for resource in resources()
        if resource["kind"] in {"Deployment", "Job"}
        for each in resource["spec"]["template"]["spec"]["containers"]
    ]


def commands() -> set[tuple[str, ...]]:
    """Return program and arguments of every command, those of a shell one by one."""
    found = {tuple(yaml.safe_load(given)) for given in re.findall(r"CMD (\[.+\])", DOCKERFILE)}
    for container in [*composed(), *scheduled()]:
        match container.command:
            case ("sh", "-c", script):
                found |= {tuple(part.split()) for part in script.split(" && ")}
            case command:
                found.add(command)
    return found


def _container(role: str, image: str, command: list[str]) -> Container:
    return Container(role, image.partition(":")[0], tuple(command))
