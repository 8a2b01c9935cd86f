"""Text in Markdown as GitHub shows it: nothing in it is markup, a link or a mention."""

import html


def escape(text: str) -> str:
    """Returns text that markdown shows as it is: no markup, link or mention."""
    escaped = html.escape(text, quote=False).replace("\n", " ")
    for character in "\\`*_[]|~":
        escaped = escaped.replace(character, f"\\{character}")
    return escaped.replace("#", "&#35;").replace("@", "&#64;").replace("://", "&#58;//")


def code(text: str) -> str:
    """Returns text as code, in a table's cell too, where a pipe or a line break would end it."""
    # <code> with entities: unlike backticks it cannot be closed by its content.
    safe = html.escape(text, quote=False).replace("\n", " ")
    for character in "\\`*_[]|~@:":
        safe = safe.replace(character, f"&#{ord(character)};")
    return f"<code>{safe}</code>"
