"""``pinward webhook``: other systems that hear of each thing that happens to a ticket."""

from __future__ import annotations

import json

import click

from webapp.cli.city_session import city_session
from webapp.cli.console import Failure
from webapp.config import settings
from webapp.notices import queues, webhooks


@click.group()
@click.option("--city", "slug", help="Short name of the city; the one served where not given.")
@click.pass_context
def webhook(context: click.Context, slug: str | None) -> None:
    """Tell other systems what happens to tickets, as it happens, signed."""
    context.obj = slug


@webhook.command()
@click.argument("url")
@click.option("--kind", "kinds", multiple=True, help="Only entries of this kind, such as done. Repeatable.")
@click.pass_obj
def add(slug: str | None, url: str, kinds: tuple[str, ...]) -> None:
    """Let URL hear of what happens from now on. Prints the secret that its signatures are made with."""
    with city_session(slug) as (session, city):
        try:
            hook = webhooks.add(session, city.id, url, kinds, inside=settings().hooks_inside)
        except ValueError as wrong:
            todo = "Give the whole address."
            raise Failure(f"{wrong} is not an address beginning with https://.", todo) from None
        session.commit()
        click.echo(f"Webhook {hook.id} to {hook.url}:", err=True)
        click.echo(hook.secret)


@webhook.command()
@click.argument("webhook_id", type=int, metavar="ID")
@click.pass_obj
def stop(slug: str | None, webhook_id: int) -> None:
    """Let a webhook hear no more."""
    with city_session(slug) as (session, city):
        hook = webhooks.stop(session, city.id, webhook_id)
        if hook is None:
            raise Failure(f"{city.name} has no webhook {webhook_id}.", "See 'pinward webhook list'.")
        session.commit()
        click.echo(f"Webhook {webhook_id} ({hook.url}) is stopped.")


@webhook.command("list")
@click.pass_obj
def list_hooks(slug: str | None) -> None:
    """List the webhooks, without their secrets."""
    with city_session(slug) as (session, city):
        for hook in webhooks.hooks(session, city.id):
            kinds = ", ".join(hook.kinds) or "all kinds"
            click.echo(f"{hook.id:>4}  {hook.url}  {kinds}{'  (stopped)' if hook.stopped_at else ''}")


@webhook.command()
@click.option("--dead", is_flag=True, help="Those that are tried no more.")
@click.pass_obj
def queue(slug: str | None, dead: bool) -> None:
    """List the deliveries that wait, a JSON object a line."""
    with city_session(slug) as (session, city):
        for each in webhooks.queue(session, city.id, dead=dead):
            shown = {
                "id": each.id,
                "webhook": each.webhook_id,
                "timeline_id": each.timeline_id,
                "attempts": each.attempts,
                "next_at": each.next_at and each.next_at.isoformat(),
                "error": each.error,
            }
            click.echo(json.dumps(shown))


@webhook.command()
@click.argument("delivery_ids", type=int, nargs=-1, required=True, metavar="ID…")
@click.pass_obj
def again(slug: str | None, delivery_ids: tuple[int, ...]) -> None:
    """Send deliveries once more, also delivered ones and dead letters."""
    with city_session(slug) as (session, city):
        for delivery_id in delivery_ids:
            if not queues.send_again(session, city.id, "hook", delivery_id):
                raise Failure(f"{city.name} has no delivery {delivery_id}.", "See 'pinward webhook queue'.")
        session.commit()
        click.echo(f"{len(delivery_ids)} queued.")
