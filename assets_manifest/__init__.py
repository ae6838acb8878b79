"""What assets exist, where they come from and under which licence: one YAML file a collection."""
