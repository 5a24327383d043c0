"""Mails changed at random, read, judged and shown: nothing raises, stalls or swells, what comes out holds."""
