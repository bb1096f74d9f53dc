"""Maps of figures: for pages, for files that open without a network, and as pictures."""
