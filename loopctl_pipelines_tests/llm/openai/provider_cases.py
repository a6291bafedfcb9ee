"""Every way a provider can fail, and the failure that must be kept."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure
from loopctl_pipelines.llm.outcomes import Outcome
from loopctl_pipelines_tests.llm import failing_provider as faults
from loopctl_pipelines_tests.llm.failing_provider import Fault
from loopctl_pipelines_tests.llm.openai.embeddings_body import packed

DEADLINE = ProviderFailure(FailureKind.TIMEOUT)
BROKEN = ProviderFailure(FailureKind.REQUEST_FAILED)
MALFORMED = ProviderFailure(FailureKind.MALFORMED)
WRONG_URL = ProviderFailure(FailureKind.WRONG_URL)
PERMANENT, TRANSIENT = Outcome.PERMANENT, Outcome.TRANSIENT
NAN = float("nan")


def rejected(status: int, retry_after: int | None = None) -> ProviderFailure:
    return ProviderFailure(FailureKind.API_ERROR, status, retry_after)


def in_seconds(seconds: int) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


# fault; failure that is kept; retried or not; counted by the breaker or not
REJECTIONS = {
    "400": (faults.refusal(400), rejected(400), PERMANENT, False),
    "401 that echoes the key": (faults.refusal(401), rejected(401), PERMANENT, False),
    "403": (faults.refusal(403), rejected(403), PERMANENT, False),
    "404, no such model": (
        faults.refusal(404, code="model_not_found"),
        rejected(404),
        PERMANENT,
        False,
    ),
    "408": (faults.refusal(408), rejected(408), TRANSIENT, False),
    "409": (faults.refusal(409), rejected(409), PERMANENT, False),
    "413": (faults.refusal(413), rejected(413), PERMANENT, False),
    "422 that echoes the inputs": (faults.refusal(422), rejected(422), PERMANENT, False),
    "429": (faults.refusal(429), rejected(429), TRANSIENT, False),
    "429, in 20 s": (faults.refusal(429, Retry_After="20"), rejected(429, 20), TRANSIENT, False),
    "429, in 0 s": (faults.refusal(429, Retry_After="0"), rejected(429, 0), TRANSIENT, False),
    "429, in 10^9 s": (
        faults.refusal(429, Retry_After="1000000000"),
        rejected(429, 300),
        TRANSIENT,
        False,
    ),
    "429, on a date long past": (
        faults.refusal(429, Retry_After=in_seconds(-3_600)),
        rejected(429, 0),
        TRANSIENT,
        False,
    ),
    "429, on a date far ahead": (
        faults.refusal(429, Retry_After=in_seconds(86_400)),
        rejected(429, 300),
        TRANSIENT,
        False,
    ),
    "429, with the key as the time": (
        faults.refusal(429, Retry_After="KEY"),
        rejected(429),
        TRANSIENT,
        False,
    ),
    "500": (faults.refusal(500), rejected(500), TRANSIENT, True),
    "502 in HTML": (faults.html(502), rejected(502), TRANSIENT, True),
    "503": (faults.refusal(503), rejected(503), TRANSIENT, True),
    "503, in 7 s": (faults.refusal(503, Retry_After="7"), rejected(503, 7), TRANSIENT, True),
    "401 without an end": (faults.endless(401), rejected(401), PERMANENT, False),
    "503, dripping": (faults.drip(503), rejected(503), TRANSIENT, True),
}
WRONG_URLS: dict[str, tuple[Fault, ProviderFailure, Outcome, bool]] = {
    "404, no such address": (faults.refusal(404), WRONG_URL, Outcome.OPERATOR, False),
    "404 in HTML": (faults.html(404), WRONG_URL, Outcome.OPERATOR, False),
    "404 without an end": (faults.endless(404), WRONG_URL, Outcome.OPERATOR, False),
    "404, dripping": (faults.drip(404), WRONG_URL, Outcome.OPERATOR, False),
}
WRONG_ANSWERS: dict[str, Fault] = {
    "HTML": faults.html(200),
    "an error object": faults.error_object,
    "truncated JSON": faults.truncated_json,
    "nothing": faults.empty,
    "more than all vectors could be": faults.endless(200),
    "a gzip bomb": faults.gzip_bomb(200, unpacked_megabytes=64),
    "fewer vectors": faults.embeddings(lambda items: items.pop()),
    "more vectors": faults.embeddings(lambda items: items.append({**items[0], "index": 3})),
    "an index twice": faults.embeddings(lambda items: items[0].update(index=1)),
    "an index missing": faults.embeddings(lambda items: items[-1].update(index=3)),
    "NaN": faults.vector(lambda ones: [NAN, *ones[1:]]),
    "NaN in base64": faults.vector(lambda ones: packed([NAN, *ones[1:]])),
    "None for a number": faults.vector(lambda ones: [None, *ones[1:]]),
    "None for a vector": faults.vector(lambda _: None),
    "a dimension less": faults.vector(lambda ones: ones[1:]),
    "a dimension more": faults.vector(lambda ones: [*ones, 1.0]),
    "texts for numbers": faults.vector(lambda ones: [str(one) for one in ones]),
}
BROKEN_CONNECTIONS: dict[str, Fault] = {
    "a reset instead of an answer": faults.reset_at_once,
    "a reset in the body": faults.reset_in_the_body,
    "an end in the body": faults.end_in_the_body,
    "another protocol": faults.no_http,
}
STALLS: dict[str, Fault] = {
    "no answer": faults.hang,
    "half an answer": faults.hang_in_the_body,
    "an answer that drips": faults.drip(200),
    "a status line that drips": faults.drip_from_the_first_byte,
}

REDIRECTS = {
    f"{status} to another host": (
        faults.redirect(status, "https://another.invalid/v1/embeddings"),
        rejected(status),
    )
    for status in (301, 302, 303, 307, 308)
}
ALL: dict[str, tuple[Fault, ProviderFailure]] = {
    **{case: (fault, kept) for case, (fault, kept, *_) in {**REJECTIONS, **WRONG_URLS}.items()},
    **REDIRECTS,
    **{f"200, {case}": (fault, MALFORMED) for case, fault in WRONG_ANSWERS.items()},
    **{case: (fault, BROKEN) for case, fault in BROKEN_CONNECTIONS.items()},
    **{case: (fault, DEADLINE) for case, fault in STALLS.items()},
}
"""Every fault of a reachable server, with the failure that must be kept."""
