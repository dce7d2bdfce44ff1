"""Made-up councils of any number and size: their submissions as files and as raw rows, and the marts to expect."""
