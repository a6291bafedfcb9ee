"""A URL that libpq or the pool would repeat in a message is refused before they see it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict

from loopctl_pipelines.postgres_url import PARAMETERS, problem_of

CANARY = "zsecretz"
ODD_ONES = st.text(st.sampled_from("%2F@:/?#&=[] \n\x00pé,"), max_size=8)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("mysql://u:p@h/d", "must start with postgresql://"),
        ("postgresql://u:o%op@h/d", "must have each % that encodes nothing written as %25"),
        ("postgresql://u:o%00op@h/d", "must have each % that encodes nothing written as %25"),
        ("postgresql://u:o op@h/d", "must not hold a blank or a line break: write %20 or %0A"),
        ("postgresql://u:o\nop@h/d", "must not hold a blank or a line break: write %20 or %0A"),
        ("postgresql://u:o@op@h/d", "must have one @, before the host: write any other as %40"),
        ("postgresql://u:p@h/d?options=@", "must have one @, before the host"),
        ("postgresql://u:o/op@h/d", "must have no / before the @: write %2F"),
        ("postgresql://u:%FF@h/d", "must be UTF-8"),
        ("postgresql://u:\udcff@h/d", "must be UTF-8"),
        ("postgresql://u:p@h{}/d", "must have a host name"),
        ("postgresql://u:p@h:54x/d", "must have a number from 1 to 65535 as its port"),
        ("postgresql://u:p@h:65536/d", "must have a number from 1 to 65535 as its port"),
        ("postgresql://u:p@/d?port=x", "must have a number from 1 to 65535 as port"),
        ("postgresql://u:p@h/d/e", "must have one / after the host"),
        ("postgresql://u:p@h/d?sslmode", "must have name=value after the ?"),
        ("postgresql://u:p@h/d?sslmode=on", "must have disable, allow, prefer, require, verify-ca"),
        ("postgresql://u:p@h/d?connect_timeout=1s", "must have a whole number as connect_timeout"),
        ("postgresql://u:p@h/d?pgbouncer=true", "has a parameter 'pgbouncer' after the ?"),
        ("postgresql://u:p@h/d?pool_size=10", "has a parameter 'pool_size' after the ?"),
        ("postgresql://u@h/d?password=o&op=p", "has a parameter after the ?"),
    ],
)
def test_a_url_that_cannot_be_parsed_is_refused_by_its_part(url: str, problem: str) -> None:
    assert (problem_of(url) or "").startswith(problem)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://",
        "postgres://u:p@h",
        "postgresql://u:p:p@h:5432/d",
        "postgresql://u:p#p?p@h/d",
        "postgresql://u:%40%2F%3A%25%20@h/d?sslmode=verify-full",
        "postgresql://postgres@/d?host=%2Frun%2Fpostgresql&port=5433",
        "postgresql://u@%2Frun%2Fpostgresql/d",
        "postgresql://u@[2001:db8::1]:5432/d",
        "postgresql://u@one:5432,two:5433/d?target_session_attrs=read-write",
        "postgresql://u@h/d?ssl=true",
    ],
)
def test_a_url_that_libpq_parses_is_accepted(url: str) -> None:
    assert problem_of(url) is None
    assert conninfo_to_dict(url) is not None


@given(user=ODD_ONES, password=ODD_ONES, host=ODD_ONES, name=ODD_ONES, value=ODD_ONES)
def test_what_is_accepted_libpq_parses_and_what_is_not_shows_no_password(
    user: str, password: str, host: str, name: str, value: str
) -> None:
    url = f"postgresql://{user}:{CANARY}{password}{CANARY}@{host}/{name}?options={value}"
    problem = problem_of(url)
    if problem is None:
        assert str(conninfo_to_dict(url)["password"]).count(CANARY) == 2
    else:
        assert CANARY not in problem


@given(rest=ODD_ONES, name=ODD_ONES)
def test_the_rest_of_a_password_is_not_taken_for_a_parameter(rest: str, name: str) -> None:
    url = f"postgresql://u@h/{name}?password={CANARY}{rest}&{CANARY}=x"
    assert CANARY not in (problem_of(url) or "")


def test_the_known_parameters_are_those_of_libpq() -> None:
    of_libpq = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    assert of_libpq - PARAMETERS == set()
