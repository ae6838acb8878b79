"""Looking at data and answers: sheets, and the browser.

- `browser`: `odd-bench view`;
- `preview`, `blind`: contact sheets of scenes, and sheets that do not say what is odd;
- `sheet`, `similar_sheet`, `assets_sheet`, `shade`: sheets of shapes, and the quick picture that they show;
- `suspicion`: boxes and scores of a method drawn on a picture;
- `floor_plan`: a capture from above.
"""
