"""``services``: what can be asked for, and what each service asks back."""

from __future__ import annotations

from typing import Any

from flask import Response, g, request

from layers.current import current_atlas
from webapp.api.open311.errors import missing
from webapp.api.open311.formats import Format, respond
from webapp.api.open311.jurisdiction import city_of
from webapp.api.open311.parameters import Parameters
from webapp.catalog.queries import catalog
from webapp.catalog.snapshot import QuestionEntry, ServiceEntry


def all_services(form: Format) -> Response:
    """Answer the services; with ``lat`` and ``long``, those offered at that point."""
    parameters = Parameters(request)
    city = city_of(parameters)
    point = parameters.point()
    place = current_atlas(g.session, city).locate_one(*point) if point else None
    offered = catalog(g.session, city).offered(place)
    return respond(form, "services", [_service(service) for service in offered])


def definition(code: str, form: Format) -> Response:
    """Answer the questions of one service."""
    city = city_of(Parameters(request))
    service = catalog(g.session, city).service_by_code.get(code)
    if service is None or not service.active:
        raise missing("service_code", "is not one of this city's services: see GET services.")
    attributes = [_attribute(question, order) for order, question in enumerate(service.questions, start=1)]
    return respond(form, "service_definition", {"service_code": service.code, "attributes": attributes})


def _service(service: ServiceEntry) -> dict[str, Any]:
    return {
        "service_code": service.code,
        "service_name": service.name,
        "description": service.description,
        "metadata": bool(service.questions),
        "type": service.type,
        "keywords": ", ".join(service.keywords),
        "group": service.group,
    }


def _attribute(question: QuestionEntry, order: int) -> dict[str, Any]:
    return {
        "variable": question.variable,
        "code": question.code,
        "datatype": question.datatype,
        "required": question.required and question.only_if is None,
        "datatype_description": question.hint or None,
        "order": order,
        "description": question.text,
        "values": [{"key": option["key"], "name": option["name"]} for option in question.options],
    }
