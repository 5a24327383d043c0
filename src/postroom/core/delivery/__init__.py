"""The states that arrivals, routes and deliveries pass through, as tables."""
