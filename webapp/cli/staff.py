"""``pinward staff``: who signs in."""

from __future__ import annotations

import json
import sys

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from layers.models import City
from webapp.catalog.models import Crew, Department
from webapp.cli.city_session import city_session
from webapp.cli.console import Failure
from webapp.people import accounts, audit, queries, sessions
from webapp.people import second_factor as factor
from webapp.people.access import ROLES
from webapp.people.models import Staff
from webapp.people.passwords import make_password


@click.group()
@click.option("--city", "slug", help="Short name of the city; the one served where not given.")
@click.pass_context
def staff(context: click.Context, slug: str | None) -> None:
    """Add people who work for the city."""
    context.obj = slug


@staff.command()
@click.argument("email")
@click.option("--name", default="", help="As others see it; the address where not given.")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--crew", help="Code of the crew (role crew).")
@click.option("--department", help="Code of the department.")
@click.option("--district", help="Zone id of the council district (role council).")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.pass_obj
def add(
    slug: str | None,
    email: str,
    name: str,
    role: str,
    crew: str | None,
    department: str | None,
    district: str | None,
    password_stdin: bool,
) -> None:
    """Add somebody, with a password that is printed once unless given."""
    password = _password(password_stdin)
    with city_session(slug) as (session, city):
        crew_id = _id_of(session, Crew, city, crew)
        department_id = _id_of(session, Department, city, department)
        try:
            accounts.add_staff(
                session,
                city.id,
                email=email,
                name=name,
                role=role,
                password=password,
                crew_id=crew_id,
                department_id=department_id,
                district=district,
            )
        except ValueError as error:
            raise Failure(
                str(error), "Change that option; 'pinward staff add --help' explains each."
            ) from error
        audit.record(session, city.id, "staff_added", email, by=None, role=role)
        session.commit()
    click.echo(f"Added {email} as {role}.")
    if not password_stdin:
        click.echo(f"Password: {password}")


@staff.command()
@click.argument("email")
@click.pass_obj
def disable(slug: str | None, email: str) -> None:
    """Close an account, and sign the person out everywhere."""
    with city_session(slug) as (session, city):
        person = _somebody(session, city, email)
        accounts.disable(person)
        sessions.end_all(session, person)
        audit.record(session, city.id, "staff_disabled", email, by=None)
        session.commit()
    click.echo(f"{email} can no longer sign in.")


@staff.command()
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read the new password from standard input.")
@click.option("--second-factor", is_flag=True, help="Take the second factor away too, such as a lost phone.")
@click.pass_obj
def reset(slug: str | None, email: str, password_stdin: bool, second_factor: bool) -> None:
    """Give somebody a new password, and sign them out everywhere."""
    password = _password(password_stdin)
    with city_session(slug) as (session, city):
        person = _somebody(session, city, email)
        try:
            accounts.set_password(person, password)
        except ValueError as error:
            raise Failure(str(error), "Give a longer one.") from error
        sessions.end_all(session, person)
        if second_factor:
            factor.remove(session, person, by=None)
        audit.record(session, city.id, "staff_reset", email, by=None)
        session.commit()
    click.echo(f"{email} has a new password." if password_stdin else f"New password of {email}: {password}")


@staff.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_staff(slug: str | None, as_json: bool) -> None:
    """List everybody who may, or once could, sign in."""
    with city_session(slug) as (session, city):
        rows = [
            {
                "email": person.email,
                "name": person.name,
                "role": person.role,
                "district": person.district,
                "disabled": person.disabled_at is not None,
            }
            for person in queries.all_staff(session, city.id)
        ]
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        state = "  (disabled)" if row["disabled"] else ""
        click.echo(f"{row['email']:36} {row['role']:14} {row['name']}{state}")


def _somebody(session: Session, city: City, email: str) -> Staff:
    person = queries.staff_by_email(session, city.id, email)
    if person is None:
        raise Failure(f"Nobody in {city.name} has the address '{email}'.", "See 'pinward staff list'.")
    return person


def _id_of(
    session: Session, table: type[Crew] | type[Department], city: City, code: str | None
) -> int | None:
    if code is None:
        return None
    rows = session.execute(select(table.code, table.id).where(table.city_id == city.id))
    known: dict[str, int] = {row.code: row.id for row in rows}
    if code not in known:
        kind = table.__tablename__
        raise Failure(f"{city.name} has no {kind} '{code}'.", f"Choose one of: {', '.join(sorted(known))}.")
    return known[code]


def _password(from_stdin: bool) -> str:
    return sys.stdin.readline().rstrip("\n") if from_stdin else make_password()
