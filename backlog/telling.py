"""What a ticket's citizen is told: notices on their way into the outbox."""

from collections.abc import Mapping

from backlog import notices, queries
from backlog.context import Actor, Change, Desk
from backlog.model import Ticket
from catalogue.load import Facts
from kit import clock, outbox
from kit.outbox import Choice


def tell(
    desk: Desk, actor: Actor, ticket: Ticket, notice: str, given: Change, answered_with: Ticket | None = None
) -> None:
    """Put a notice to the ticket's citizen into the outbox, if there is a conversation to put it to.

    `answered_with`: the ticket into which it was merged; then that one's unit and deadline count.
    """
    if ticket.conversation_id is None:
        return
    said = preview(desk.facts, ticket, notice, given, answered_with)
    reply: outbox.Reply = {
        "text": said.text,
        "from": "staff" if actor.staff and given.text else "system",
        "custom": {"ticket": {"number": ticket.number, "state": ticket.state, "due": ticket.due_at.isoformat()}},
    }
    if said.choices:
        reply["choices"] = [Choice(title=title, payload=payload) for title, payload in said.choices]
    key = f"ticket:{ticket.id}:{notice}:{desk.now.isoformat()}"
    outbox.put(desk.session, desk.sealer, ticket.conversation_id, reply, key)


def tell_all(desk: Desk, actor: Actor, ticket: Ticket, notice: str, given: Change) -> None:
    """Tell the ticket's citizen, and those whose tickets are answered together with it."""
    tell(desk, actor, ticket, notice, given)
    if notice in notices.FOR_MERGED:
        for other in queries.merged_into(desk.session, ticket):
            tell(desk, actor, other, notice, given, ticket)


def preview(
    facts: Facts, ticket: Ticket, notice: str, given: Change, answered_with: Ticket | None = None
) -> notices.Notice:
    """What `tell` would say."""
    main = answered_with or ticket
    values: Mapping[str, str] = {
        "number": ticket.number,
        "unit": facts.agencies.get(main.unit_key).name,
        "due": clock.say_date(clock.require_aware(main.due_at).date()),
        "text": given.text.strip(),
        "reason": given.reason.strip(),
        "legal_ground": given.legal_ground.strip(),
        "onward": given.onward.strip(),
        "receiver": given.receiver.strip(),
        "target": given.target.number if given.target else "",
    }
    return notices.render(notices.key_for(notice, reopened=main.reopened > 0, appealed=main.appealed), values)
