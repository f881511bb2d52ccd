"""How a region's score is worked out, from `python -m tests.bench.fit_scores`: simulated land only."""

WEIGHTS = (0.9982, 0.2204, 0.3831, -0.0941)
BIAS = -3.3259
