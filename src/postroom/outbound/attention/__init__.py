"""What about the way out needs attention."""
