"""A self-contained HTML page: it is as wide as the screen, and loads nothing from elsewhere."""

from __future__ import annotations

from html import escape


def html_page(title: str, style: str, body: str) -> str:
    """The page as text. title: plain. style: CSS. body: HTML."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body>{body}</body></html>\n"
    )
