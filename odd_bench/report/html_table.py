"""A table of a page: it has a caption, and headers of columns and rows for screen readers."""

from __future__ import annotations

from odd_bench.scoring.text import html_text as escape


def table(caption: str, head: list[str], rows: list[list[str]], style: str = "") -> str:
    """The HTML of a table. Cells are plain text; the first cell of a row is its name. head: names of the columns, empty for none.
    style: `wrap` allows line breaks in long cells.
    """
    names = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(row_html(row, style) for row in rows)
    return (
        f'<div class="scroll"><table><caption>{escape(caption)}</caption>'
        + (f"<thead><tr>{names}</tr></thead>" if any(head) else "")
        + f"<tbody>{body}</tbody></table></div>"
    )


def row_html(row: list[str], style: str) -> str:
    opened = f'<td class="{style}">' if style else "<td>"
    cells = "".join(f"{opened}{escape(str(cell))}</td>" for cell in row[1:])
    return f'<tr><th scope="row">{escape(str(row[0]))}</th>{cells}</tr>'
