"""Which server, which From, which addresses, and who hears of a message: decided by total functions."""
