"""What Django's ORM does not say: durability, claims, counters, waking; one file per database."""
