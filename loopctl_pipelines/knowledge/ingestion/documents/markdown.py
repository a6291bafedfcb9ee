"""HTML becomes Markdown. Pure."""

from typing import Final

from html_to_markdown import ConversionOptions, WarningKind, convert
from html_to_markdown.exceptions import ConversionError

from loopctl_pipelines.knowledge.ingestion.failures import DocumentFailure

# images without their bytes; what runs, draws or embeds has no text of its own
_OPTIONS: Final = ConversionOptions(
    extract_metadata=False,
    inline_data_media="alt_text_only",
    exclude_selectors=["script", "style", "template", "iframe", "object", "embed", "svg"],
)


def html_to_markdown(html: str) -> str | DocumentFailure:
    """Return the page's text as Markdown: headings, lists, tables, code and links are kept."""
    try:
        converted = convert(html, _OPTIONS)
    except ConversionError:
        return DocumentFailure.UNSUPPORTED_CONTENT
    if any(each.kind == WarningKind.DEPTH_LIMIT_EXCEEDED for each in converted.warnings):
        # what lies deeper was left out
        return DocumentFailure.TOO_DEEPLY_NESTED
    return converted.content or ""
