"""A run of `extract_articles` over several tenants in a process, without a daemon."""

import sys
from collections.abc import Sequence
from contextlib import closing

from loopctl_pipelines.cli.project import open_project
from loopctl_pipelines.definitions import build_definitions
from loopctl_pipelines.knowledge.extraction.definitions import build_extractor
from loopctl_pipelines.knowledge.extraction.jobs import EXTRACT_ARTICLES
from loopctl_pipelines.knowledge.tenant_work.job_runs import run_for_tenants
from loopctl_pipelines.tenants.sync import sync_tenants


def extract(slugs: Sequence[str]) -> None:
    """Extract what is due of these tenants; end the process with a sentence if that fails."""
    with open_project() as opened:
        extractor = build_extractor(opened.settings, opened.database)
        job = build_definitions(
            opened.settings, resources={"database": opened.database, "extractor": extractor}
        ).resolve_job_def(EXTRACT_ARTICLES)
        with closing(extractor), opened.instance() as instance:
            sync_tenants(instance, opened.database)
            for ended in run_for_tenants(instance, job, slugs):
                if ended.failure:
                    sys.exit(ended.failure)
