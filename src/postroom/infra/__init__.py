"""The ground everything stands on: configuration, clock, database verbs, blobs, counters, changes, logs."""
