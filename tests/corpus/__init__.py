"""The corpora of real mail, read, scored and held to floors that only rise."""
