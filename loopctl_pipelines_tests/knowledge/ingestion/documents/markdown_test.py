"""What a page becomes, hostile ones too."""

import pytest

from loopctl_pipelines.knowledge.ingestion.documents.markdown import html_to_markdown
from loopctl_pipelines.knowledge.ingestion.failures import DocumentFailure

PAGE = """<!doctype html><html><head><title>T</title><style>p {}</style>
<script>let secret = "<p>x</p>"</script></head><body><h1>Title &amp; more</h1><!-- gone -->
<p>Some <b>bold</b> text, a <a href="https://docs.example/a">link</a> and <code>x &lt; y</code>.</p>
<h2>List</h2><ul><li>one<ul><li>inner</li></ul></li><li>two</li></ul><ol><li>first</li></ol>
<pre><code class="language-py">def f():
    return "&lt;T&gt;"
</code></pre><table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>
<img alt="a chart" src="data:image/png;base64,AAAA"><template>no</template>
<iframe src="x">no</iframe><svg><text>no</text></svg></body></html>"""


def test_headings_lists_code_tables_and_links_are_kept_and_scripts_are_gone() -> None:
    assert (
        html_to_markdown(PAGE)
        == """# Title & more

Some **bold** text, a [link](https://docs.example/a) and `x < y`.

## List

- one
  * inner
- two

1. first

```py
def f():
    return "<T>"
```

| A | B |
| --- | --- |
| 1 | 2 |

a chart
"""
    )


@pytest.mark.parametrize("tag", ["<div>", "<b>", "<blockquote>", "<ul><li>", "<table><tr><td>"])
def test_ten_thousand_nested_tags_end_in_a_code_and_lose_nothing_unseen(tag: str) -> None:
    assert html_to_markdown(f"{tag * 10_000}x") is DocumentFailure.TOO_DEEPLY_NESTED


@pytest.mark.parametrize(
    "html", ["<" * 5_000_000, "<a " + 'b="c" ' * 800_000 + ">", "&" * 5_000_000, "<!--" * 1_000_000]
)
def test_megabytes_of_broken_markup_are_text_or_a_code(html: str) -> None:
    assert isinstance(html_to_markdown(html), str)


def test_a_page_of_five_megabytes_is_converted_whole() -> None:
    markdown = html_to_markdown("<p>word</p>" * 450_000)
    assert not isinstance(markdown, DocumentFailure)
    assert markdown.count("word") == 450_000
