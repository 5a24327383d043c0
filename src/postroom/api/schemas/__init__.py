"""What the API takes and answers with. Times are ISO 8601 in UTC; `id`s are numbers; lists carry a cursor."""
