"""What a mail costs: the same work every time, real processes, figures as JSON."""
