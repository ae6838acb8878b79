"""Pictures of data and predictions: contact sheets, and the view in the browser.

- `browser`: `odd-bench view`;
- `preview`, `blind`: contact sheets of scenes, and sheets without marks of odd objects;
- `sheet`, `similar_sheet`, `assets_sheet`, `shade`: sheets of shapes, and the quick renderer that draws them;
- `suspicion`: boxes and scores of a method drawn on a picture;
- `floor_plan`: a capture from above.
"""
