"""The sender: what one process does with the copies that it claimed, and the wire in a thread of its own."""
