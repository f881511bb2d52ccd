"""How a region's score is worked out, from `python -m tests.bench.fit_scores`: simulated land only."""

SLOPE = 0.6460
BIAS = -3.5847
