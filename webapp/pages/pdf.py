"""A page as a PDF, with its text and headings told to screen readers (PDF/UA)."""

from __future__ import annotations

from typing import Any

import weasyprint


def pdf_of(page: str) -> bytes:
    """Return a page as a PDF. It must bring all it needs: nothing is fetched, from our disk or elsewhere."""
    written: bytes = weasyprint.HTML(string=page, url_fetcher=_nothing).write_pdf(pdf_variant="pdf/ua-1")
    return written


def _nothing(url: str, *_more: Any, **_named: Any) -> Any:
    raise ValueError(f"{url.partition(':')[0]} is not fetched for a PDF")
