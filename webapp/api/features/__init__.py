"""OGC API – Features, Parts 1 and 2: the city's tickets, reports and map for geographic information systems.

What is said does not know Flask: only ``views``, ``here`` and ``html`` do. Part 1 is OGC 17-069r4, Part 2 OGC
18-058r1.
"""

from webapp.api.answers import for_programs
from webapp.api.features.views import blueprint

for_programs(blueprint)

__all__ = ["blueprint"]
