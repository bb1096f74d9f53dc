"""QR codes as SVG, for a page to hold."""

from __future__ import annotations

import io

import segno
from markupsafe import Markup


def qr(text: str, title: str, *, scale: int = 5) -> Markup:
    """Return the picture of a text, black on white whatever the page is.

    Parameters
    ----------
    text
        What a phone reads from it: an address of ours.
    title
        What screen readers say instead; nothing that was typed.
    scale
        Pixels a module.
    """
    picture = io.BytesIO()
    segno.make(text, error="m").save(
        picture, kind="svg", scale=scale, border=4, light="#fff", dark="#000", xmldecl=False, svgns=False,
        title=title, nl=False,
    )  # fmt: skip
    # segno writes numbers and our own title, nothing that was typed.
    return Markup(picture.getvalue().decode())  # noqa: S704
