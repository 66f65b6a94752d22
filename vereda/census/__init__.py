"""What the census says of a person: the record, its lifecycle, the lookup engine, tasks, pages."""
