"""The HTTP doors: parse, call one domain function, render."""
