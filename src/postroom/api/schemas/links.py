"""Files that went as links."""

from __future__ import annotations

from ninja import Schema

from postroom.api.schemas.common import Time
from postroom.outbound.links import LinkShown


class DownloadLinkOut(Schema):
    """A file that a copy names by a link instead of carrying it; its address is in the mail alone. `state` is `there`,
    `revoked` or `expired`; `opened` counts the downloads that a person began.
    """

    id: int
    copy_id: int
    address: str
    person: str
    name: str
    size: int
    state: str
    expires_at: Time
    revoked_at: Time | None
    revoked_by: str
    first_opened_at: Time | None
    opened: int

    @classmethod
    def of(cls, one: LinkShown) -> DownloadLinkOut:
        return cls(
            id=one.id,
            copy_id=one.delivery,
            address=one.address,
            person=one.person,
            name=one.name,
            size=one.size,
            state=one.state.value,
            expires_at=one.expires_at,
            revoked_at=one.revoked_at,
            revoked_by=one.revoked_by,
            first_opened_at=one.first_opened_at,
            opened=one.opened,
        )
