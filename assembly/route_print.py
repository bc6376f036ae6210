"""Prints where a ticket would go, and which rule of data/routing.yml decided: `tiepdan route`."""

from collections.abc import Sequence
from datetime import date

from assembly.bootstrap import DATA
from assembly.console import out
from backlog import routing
from catalogue.agencies import Agency
from catalogue.load import Facts, load_facts
from catalogue.routing import RoutingRule
from kit import clock
from vntext import when
from vntext.names import NameMatch


def print_route(story: str, *, explain: bool) -> None:
    """Understand place, agency, person and time in a story without Rasa, and print the unit that would handle it."""
    facts, now = load_facts(DATA), clock.now()
    today = now.date()
    place_key, agency_key = _only(facts.places.find(story)), _only(facts.agencies.find(story))
    times = when.find_times(story, now)
    happened = times[0].first if times else None
    where = routing.route(
        facts.routing,
        facts.agencies,
        agency_key=agency_key,
        place_key=place_key,
        official=story,
        on=today,
        happened=happened,
    )
    out.print(f"Đơn vị xử lý: {facts.agencies.get(where.unit).name}", soft_wrap=True)
    if not explain:
        return
    about = facts.agencies.get(where.about) if where.about else None
    _line(f"  Nơi hiểu được:   {_place(facts, place_key, today)}")
    _line(f"  Nói về:          {about.name if about else 'chưa rõ'} (cấp {about.level if about else 'unknown'})")
    _line(f"  Người đứng đầu:  {'có' if where.official_is_head else 'không'}")
    _line(f"  Lúc xảy ra:      {clock.say_date(happened) if happened else 'chưa rõ'}")
    _line("  Quy tắc, từ trên xuống:")
    for rule in facts.routing.rules:
        verdict = _verdict(rule, about, today, is_head=where.official_is_head)
        _line(f"    {'=>' if rule.id == where.rule else '  '} {rule.id}: {verdict}")
        if rule.id == where.rule:
            break
    _line(f"  Căn cứ:          {where.explanation}")


def _line(text: str) -> None:
    out.print(text, soft_wrap=True)


def _only(found: Sequence[NameMatch]) -> str | None:
    """What the first name means, if it means one thing: for several the bot would ask which."""
    return found[0].keys[0] if found and len(found[0].keys) == 1 else None


def _place(facts: Facts, key: str | None, today: date) -> str:
    return facts.places.label(key, today) if key else "chưa rõ"


def _verdict(rule: RoutingRule, about: Agency | None, today: date, *, is_head: bool) -> str:
    """Why a rule fits or does not."""
    level = about.level if about else "unknown"
    if level not in rule.about:
        return f"chỉ cho cấp {', '.join(rule.about)}"
    if rule.official_is_head is not None and rule.official_is_head != is_head:
        return "chỉ khi nói về người đứng đầu" if rule.official_is_head else "chỉ khi không nói về người đứng đầu"
    if today < rule.valid_from or (rule.valid_to is not None and today > rule.valid_to):
        return (
            f"có hiệu lực {rule.valid_from:%d/%m/%Y} đến {rule.valid_to:%d/%m/%Y}"
            if rule.valid_to
            else "chưa có hiệu lực"
        )
    return f"áp dụng, chuyển tới: {rule.to}"
