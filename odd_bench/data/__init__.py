"""Data sets on the disk: shards of scenes, written, read, checked and handed to methods.

- `record`, `outcome`: one scene in memory, and what became of one that was to be made;
- `layout`, `fields`, `tables`, `codec`, `inflate`: how a scene lies in a file, and how its pictures become bytes;
- `shards`, `stored_scene`, `digest`: files of scenes, one scene in them, and its checksums;
- `folder`, `walk`, `run_folder`, `shard_work`, `quarantine`, `counts`: the folder of a data set, and of a run that makes one;
- `reader`, `views`, `dataset`, `batch`, `augment`: scenes for methods, from names to batches of tensors;
- `validate`, `check_files`, `check_shard`, `check_labels`, `check_views`, `object_pixels`: `odd-bench data validate`;
- `info`, `marks`, `coco`: what a data set holds, in tables, on pictures and as COCO;
- `anomaly_maps`: the file of maps beside a prediction file;
- `damage`, `errors`: what an unreadable file means.
"""
