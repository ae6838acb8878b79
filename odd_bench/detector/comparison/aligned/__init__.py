"""Objects laid upon each other: what the others look like where an object is looked at."""
