"""Business records that can hold a conversation, and the desks that they land on."""
