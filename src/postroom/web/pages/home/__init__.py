"""Home: what needs attention; and the pages by which an empty installation is set up."""
