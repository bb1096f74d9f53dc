"""HTML for people. Each module is one blueprint; ``blueprints`` lists them for ``create_app``."""

from flask import Blueprint

from webapp.pages import (
    account,
    assets,
    audit,
    board,
    context,
    council,
    crew,
    crew_follow_up,
    crew_many,
    crew_plan,
    crew_ticket,
    crew_work,
    desk,
    duplicates,
    errors,
    headers,
    keys,
    language,
    me,
    phone,
    repeats,
    report,
    throttle,
    track,
    words,
)

blueprints: list[Blueprint] = [
    module.blueprint
    for module in (
        throttle,
        headers,
        assets,
        context,
        language,
        words,
        errors,
        report,
        track,
        crew,
        crew_plan,
        crew_ticket,
        crew_follow_up,
        crew_work,
        crew_many,
        board,
        phone,
        desk,
        repeats,
        council,
        duplicates,
        keys,
        account,
        me,
        audit,
    )
]
