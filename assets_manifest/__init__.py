"""The collections of assets, their sources and their licences: one YAML file per collection."""
