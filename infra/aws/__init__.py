"""AWS as data: what a stage stands on, what Chalice's template does not say, what is watched, what it costs."""
