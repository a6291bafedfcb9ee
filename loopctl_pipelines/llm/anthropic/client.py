"""The anthropic client, limited to one request at a time and nothing else.

The provider imports this module at its first request: the package takes two seconds to import.
"""

from anthropic import AsyncAnthropic

from loopctl_pipelines.llm.anthropic.message_request import MessageRequest
from loopctl_pipelines.llm.narrow_http import open_http_client, read_at_most
from loopctl_pipelines.llm.secret import Secret

_VERSION = "2023-06-01"


def open_client(base_url: str) -> AsyncAnthropic:
    """Return a client without a key of its own, which reads nothing from the environment.

    The client would fall back to ANTHROPIC_API_KEY, ANTHROPIC_AUTH_TOKEN or a profile on disk, were
    it given no key. It would trace requests if OpenTelemetry were set up.
    """
    return AsyncAnthropic(
        api_key="given with each request",
        base_url=base_url,
        max_retries=0,
        timeout=None,
        open_telemetry=False,
        http_client=open_http_client(
            "anthropic", own={"x-api-key"}, fixed={"Anthropic-Version": _VERSION}
        ),
    )


async def request_message(
    client: AsyncAnthropic, *, key: Secret, request: MessageRequest, most_bytes: int
) -> bytes | None:
    """Return the body of the vendor's 2xx answer, or None if it exceeds `most_bytes`.

    Raises:
        Exception: any exception of the client, with the vendor's text in it: sanitize it.
    """
    sent = client.messages.with_streaming_response.create(
        model=request.model,
        max_tokens=request.max_tokens,
        system=request.system,
        messages=[{"role": "user", "content": request.message}],
        tools=[
            {
                "name": request.tool.name,
                "description": request.tool.description,
                "input_schema": dict(request.tool.schema),
            }
        ],
        tool_choice={
            "type": "tool",
            "name": request.tool.name,
            "disable_parallel_tool_use": True,
        },
        extra_headers={"X-Api-Key": key.reveal()},
    )
    async with sent as response:
        return await read_at_most(most_bytes, response.iter_bytes())
