"""A city with a million tickets, written set by set: what `bench.views` asks its pages of.

They lie along the streets of the made-up city, in the districts that hold them; 6 of 100 are open. Each has a
report and a timeline, 3 of 10 a contact. Crews share the city in stripes.
"""

from __future__ import annotations

import numpy as np
import psycopg

from webapp.tickets.loading import trust_keys
from webapp.tickets.tracking import new_numbers

OPEN_SHARE = 0.06
CREWS = 200
_SEED = 0.311


def fill(url: str, tickets: int, *, crews: int = CREWS) -> None:
    """Write so many tickets, and so many crews, into a database that holds a city without reports."""
    with psycopg.connect(url, options="-c search_path=public,ext") as connection:
        trust_keys(connection)
        connection.execute("select setseed(%s)", [_SEED])
        connection.execute(_MORE_CREWS, [crews])
        connection.execute(_SPOTS, [crews])
        connection.execute("create temp table number (id bigint primary key, tracking_number text)")
        with connection.cursor() as cursor:
            with cursor.copy("copy number from stdin") as stream:
                for row in enumerate(np.unique(new_numbers(tickets + tickets // 20)).tolist(), start=1):
                    stream.write_row(row)
            for statement in (_TICKETS, _CONTACTS, _REPORTS, _TIMELINE, _FLAGGED, _SEQUENCES):
                cursor.execute(statement, {"tickets": tickets, "open": round(tickets * OPEN_SHARE)})
    with psycopg.connect(url, autocommit=True) as connection:
        # As the server itself would, had the tickets come one by one.
        connection.execute("vacuum analyze")


_MORE_CREWS = """
    insert into crew (city_id, id, code, name, department_id)
    select 1, known.most + i, 'crew-' || i, 'Crew ' || i,
           (select id from department order by id offset i %% (select count(*) from department) limit 1)
      from (select count(*)::int as count, max(id) as most from crew) as known,
           generate_series(1, greatest(%s - known.count, 0)) as i
    """

_SPOTS = """
    create temp table spot as
    with middle as (
        select segment.*, st_lineinterpolatepoint(segment.geom, 0.5) as at
          from segment where name <> '' and left_to > 0
    ), placed as (
        select middle.*, zone.source_id as district
          from middle
          join zone on st_contains(zone.geom, at)
          join edition on edition.city_id = zone.city_id and edition.id = zone.edition_id
          join layer on layer.city_id = edition.city_id and layer.id = edition.layer_id
          join city on city.id = layer.city_id and layer.name = city.district_layer
    )
    select row_number() over (order by source_id) - 1 as n, placed.geom, source_id, name, left_from,
           greatest(left_to - left_from, 0) as numbers, district, crew.id as crew_id, crew.department_id
      from (select placed.*, ntile(%s) over (order by st_x(at), st_y(at)) as stripe from placed) as placed
      join (select id, department_id, row_number() over (order by id) as stripe from crew) as crew
     using (stripe)
    """

_TICKETS = """
    insert into ticket (city_id, id, service_id, status, outcome, opened_at, latest_at, due_at, waiting_on,
                        waiting_since, closed_at, matchable, geom, address, street, house_number, segment_id,
                        zones, district, department_id, crew_id, assigned_why, priority)
    select 1, i, (select id from service order by id offset i %% (select count(*) from service) limit 1),
           case when not open then 'done'
                else (array['assigned', 'assigned', 'in_progress', 'scheduled', 'waiting'])[1 + i %% 5] end,
           case when not open then 'fixed' end,
           opened_at, opened_at, opened_at + (1 + i %% 20) * interval '1 day',
           case when open and i %% 5 = 4 then 'weather' end,
           case when open and i %% 5 = 4 then opened_at + interval '1 hour' end,
           case when not open then opened_at + random() * interval '20 days' end,
           open, st_lineinterpolatepoint(geom, share), house || ' ' || name, name, house, source_id,
           jsonb_build_object('council', district), district, department_id,
           case when i %% 97 > 0 then crew_id end, 'Its stripe of the city', (i %% 29 = 0)::int + 1
      from (select i, i <= %(open)s as open, random() as share,
                   now() - case when i <= %(open)s then random() * interval '60 days'
                                else interval '60 days' + random() * interval '700 days' end as opened_at
              from generate_series(1::bigint, %(tickets)s) as i) as drawn
      join spot on spot.n = (i * 7919) %% (select count(*) from spot)
     cross join lateral (select left_from + (share * numbers)::int as house) as door
    """

_CONTACTS = """
    insert into contact (city_id, id, name, email, phone)
    select 1, i, 'Reporter ' || i, 'reporter' || i || '@example.org', '555-' || lpad(i::text, 7, '0')
      from generate_series(1, greatest(%(tickets)s / 10, 1)) as i
    """

_REPORTS = """
    insert into report (city_id, id, tracking_number, ticket_id, service_id, channel, description, answers,
                        media_urls, contact_id, requested_at, received_at, due_at, closed_at, geom, address,
                        place_flags, zones, edition_ids, duplicate_decision, duplicate_reasons, suggestions)
    select 1, ticket.id, tracking_number, ticket.id, service_id, 'web',
           'Seen on ' || street || ' near ' || house_number, '{}', '{}',
           case when ticket.id %% 10 < 3 then 1 + ticket.id %% greatest(%(tickets)s / 10, 1) end,
           opened_at, opened_at, due_at, closed_at, geom, address, '{}', zones, '{}', 'none', '[]', '{}'
      from ticket join number using (id)
    """

_TIMELINE = """
    insert into timeline (city_id, ticket_id, report_id, at, kind, actor)
    select 1, id, case when kind = 'received' then id end,
           case when kind = 'done' then closed_at else opened_at end, kind, 'system'
      from ticket cross join unnest(array['received', 'assigned', 'done']) as kind
     where kind <> 'done' or not open
    """

_FLAGGED = """
    update report set duplicate_decision = 'flagged', duplicate_score = 0.6, duplicate_of = id + 1,
           duplicate_reasons = '[{"code": "distance", "metres": 12}]'
     where id %% 50 = 0 and id < %(open)s
    """

_SEQUENCES = """
    select setval(pg_get_serial_sequence('ticket', 'id'), %(tickets)s),
           setval(pg_get_serial_sequence('report', 'id'), %(tickets)s),
           setval(pg_get_serial_sequence('contact', 'id'), greatest(%(tickets)s / 10, 1))
    """
