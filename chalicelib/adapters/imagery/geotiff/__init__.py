"""GeoTIFFs: where one lies by its own tags, and views of it read by window."""
