"""The report of a score: a page, tables and the pictures of the worst scenes.

- `folder`: the folder and its files;
- `html_report`, `html_table`, `svg`, `map_section`: the page, its tables, plots and section about anomaly maps;
- `gallery`, `worst`, `drawing`: pictures of the worst mistakes;
- `map_scores`: the numbers of anomaly maps;
- `tables`: Markdown and LaTeX;
- `leaderboard`: several scores, ranked.
"""
