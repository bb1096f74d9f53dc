"""Pure geometry: arrays in, arrays out. No database, no web, no files."""


def warm() -> None:
    """Compile every hot loop, or load it from the cache on disk, so that no live process has to.

    Set-up calls this once; it takes half a minute the first time and a second afterwards.
    """
    from geo import warming

    warming.warm()
