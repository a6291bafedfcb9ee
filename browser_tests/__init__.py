"""The Dagster UI and the API's page `/docs`, as people use them: in Chromium, on the demo's data.

Not here: what GraphQL, HTTP or a command answers. `loopctl_pipelines_tests` tests that.
"""
