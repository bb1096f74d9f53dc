"""The made-up city: draws a map and two years of reports as files, from a size and a seed.

It only writes files; they take the same way into the database as those of a real city.
"""

from demo.files import write

__all__ = ["write"]
