"""What the bytes of an image file tell without decoding, one file a format."""
