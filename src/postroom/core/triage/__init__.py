"""What kind of mail this is: from a person, a machine, a list, a mail system."""
