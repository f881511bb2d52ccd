"""The operator's command for an archive of images: python -m infra.archive."""
