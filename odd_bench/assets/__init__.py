"""Assets made by others: listed, fetched, checked and arranged.

- `manifest`, `manifest_file`, `listing`: collections, read from their YAML and shown as tables;
- `fetch`, `download`, `polyhaven`, `progress`: fetching them;
- `archive`, `find`, `arrange`, `blend`: what comes, unpacked and brought into folders that the library reads;
- `lock`, `checksums`, `verify`: what was fetched, and whether it is still there.
"""
