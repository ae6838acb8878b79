"""Third-party assets: list, fetch, verify and arrange them.

- `manifest`, `manifest_file`, `listing`: collections, read from YAML files and shown as tables;
- `fetch`, `download`, `polyhaven`, `progress`: fetching collections;
- `archive`, `find`, `arrange`, `blend`: unpacking, and arranging files in folders that the shape library reads;
- `lock`, `checksums`, `verify`: records of fetched files, and their verification.
"""
