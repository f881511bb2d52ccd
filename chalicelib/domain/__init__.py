"""Values and rules: what is true of land, images and sessions wherever they are kept. Standard library only, no I/O."""
