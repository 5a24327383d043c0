"""What a search goes by: words as they are kept, questions as they are typed, excerpts as they are shown."""
