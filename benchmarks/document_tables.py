"""Tables that programs write into documents, between `<!-- name -->` and `<!-- end -->`."""

import re

Table = list[list[str]]


def with_table(document: str, name: str, table: Table) -> str:
    """Return the document with this table, head first, in the place of that name."""
    head, *body = [f"| {' | '.join(row)} |" for row in table]
    lines = "\n".join([head, "|" + "---|" * len(table[0]), *body])
    block = rf"(<!-- {name} -->\n).*?(\n<!-- end -->)"
    return re.sub(block, lambda found: found[1] + lines + found[2], document, flags=re.DOTALL)
