"""A mail's way in: from the door to the desk."""
