"""The tests on Celery workers need the extra `celery`: `make test-celery` runs them."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("dagster_celery") else ["celery_test.py"]
