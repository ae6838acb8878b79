"""Import and export of the published data sets' folders."""
