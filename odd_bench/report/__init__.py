"""The report of a score: a page, tables, and pictures of the worst scenes.

- `folder`: the folder and its files;
- `html_report`, `html_table`, `svg`, `map_section`: the page, its tables, its plots and its section about anomaly maps;
- `gallery`, `worst`, `drawing`: pictures of the worst mistakes;
- `map_scores`: the scores of anomaly maps;
- `tables`: Markdown and LaTeX tables;
- `leaderboard`: a ranking of several scores.
"""
