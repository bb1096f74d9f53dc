"""Many tickets of a crew at once: started, finished, scheduled or handed over."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask_babel import gettext as _

from webapp.pages.context import served
from webapp.pages.crew import RULE
from webapp.pages.many import Line, do_chosen, undo_chosen
from webapp.people.access import access

blueprint = Blueprint("crew_many", __name__)


@blueprint.post("/crew/many")
@access(RULE)
def many() -> str:
    """Do to the tickets that are ticked what was chosen."""
    return _told(do_chosen())


@blueprint.post("/crew/many/undo")
@access(RULE)
def undo() -> str:
    """Take it back."""
    return _told(undo_chosen(), undoable=False)


def _told(lines: list[Line], *, undoable: bool = True) -> str:
    served().session.commit()
    return render_template("crew/many.html", lines=lines, undoable=undoable, title=_("What became of each"))
