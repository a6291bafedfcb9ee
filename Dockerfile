# One image for every role: webserver (the default), daemon, code location, runs, API, migration.
# docs/deploying.md has the command of each.
ARG BASE=docker.io/library/python:3.11-slim-bookworm

FROM ${BASE} AS build
WORKDIR /build
COPY requirements-setup.lock ./
RUN python3 -m venv tools && \
    tools/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-setup.lock
COPY requirements-image.lock ./
RUN python3 -m venv --without-pip /opt/loopctl-pipelines && \
    tools/bin/uv pip install --no-cache --system-certs --python /opt/loopctl-pipelines/bin/python \
      --require-hashes --compile-bytecode -r requirements-image.lock
COPY LICENSE README.md pyproject.toml ./
COPY loopctl_pipelines loopctl_pipelines
# the packages are there, from the lock: nothing else is fetched
RUN tools/bin/python -m hatchling build -t wheel -d wheel && \
    tools/bin/uv pip install --offline --no-cache --python /opt/loopctl-pipelines/bin/python \
      --no-deps --compile-bytecode wheel/*.whl

FROM ${BASE}
RUN groupadd --gid 10001 loopctl && \
    useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin loopctl && \
    install -d -o loopctl -g loopctl -m 700 /data /data/dagster /data/dagster/storage
COPY --from=build /opt/loopctl-pipelines /opt/loopctl-pipelines
COPY deploy/workspace.yaml /etc/loopctl-pipelines/workspace.yaml
ENV PATH=/opt/loopctl-pipelines/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    LOOPCTL_HOME=/data \
    DAGSTER_HOME=/data/dagster \
    LOOPCTL_EMBEDDED_POSTGRES=no
USER 10001:10001
WORKDIR /data
# as commands do it; Celery and Kubernetes mount a file of their own over it
RUN python -c "from pathlib import Path; from loopctl_pipelines.orchestration.instance import dagster_home; dagster_home(Path('/data'))"
EXPOSE 3000
CMD ["python", "-m", "loopctl_pipelines.orchestration.ui.webserver", "-w", "/etc/loopctl-pipelines/workspace.yaml", "--host", "0.0.0.0"]
# of the webserver; Compose and Kubernetes have the check of each other role
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:3000/server_info', timeout=5)"]
