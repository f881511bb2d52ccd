"""The queue's and the clock's doors."""
