"""``/api/feeds``: what changed in an area lately and what is promised there, to subscribe to."""

from webapp.api.answers import for_programs
from webapp.api.feeds.views import blueprint

for_programs(blueprint)

__all__ = ["blueprint"]
