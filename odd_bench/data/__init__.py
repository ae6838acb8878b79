"""Data sets on disk: writing, reading and checking shards of scenes, and batches for training.

- `record`, `outcome`: one scene in memory, and the result of making one;
- `layout`, `fields`, `field_header`, `chunks`, `tables`, `codec`, `inflate`: the fields of a scene in a file, and the encoding of
  its pictures;
- `shards`, `stored_scene`, `digest`: files of scenes, one scene in such a file, and its checksums;
- `folder`, `walk`, `run_folder`, `shard_work`, `quarantine`, `counts`: the folder of a data set, and of a run that makes one;
- `reader`, `views`, `dataset`, `batch`, `augment`: scenes for methods, from names to batches of tensors;
- `validate`, `check_files`, `check_shard`, `check_labels`, `check_views`, `object_pixels`: `odd-bench data validate`;
- `info`, `marks`, `coco`: the contents of a data set as tables, as drawings on pictures, and as COCO;
- `anomaly_maps`: the file of anomaly maps that accompanies a prediction file;
- `damage`, `errors`: the reasons why a file cannot be read.
"""
