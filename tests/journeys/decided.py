"""The parts of `test_decisions_killed` that run as processes: begin an operation, work it off."""

from __future__ import annotations

import sys

import django


def main(verb: str) -> None:
    """`hold`: begin to hold all that is queued; `work`: work it off until killed."""
    django.setup()
    from postroom.core.delivery.decisions import Order, Verb
    from postroom.directory.models import Membership
    from postroom.outbound.models import Delivery
    from postroom.outbound.queue import operations
    from postroom.outbound.queue.copy_filter import CopyFilter
    from tests.support import factory

    if verb == "hold":
        company = Delivery.objects.select_related("company").latest("pk").company
        member = Membership.objects.filter(company=company, role="administrator").select_related("user").first()
        user = member.user if member else factory.user("decider", {company: "administrator"})
        operations.start(user, CopyFilter(states=("queued",)), Order(Verb.HOLD))
    else:
        operations.Clerk().run()


if __name__ == "__main__":
    main(*sys.argv[1:])
