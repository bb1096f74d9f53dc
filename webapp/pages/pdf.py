"""A page as a PDF, with its text and headings told to screen readers (PDF/UA)."""

from __future__ import annotations

import weasyprint


def pdf_of(page: str) -> bytes:
    """Return a page as a PDF. It must bring all it needs: nothing is fetched, from our disk or elsewhere."""
    nothing = weasyprint.URLFetcher(allowed_protocols=[])
    written: bytes = weasyprint.HTML(string=page, url_fetcher=nothing).write_pdf(pdf_variant="pdf/ua-1")
    return written
