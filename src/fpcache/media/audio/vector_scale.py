MEANS = (0.0,) * 77
SPREADS = (1.0,) * 77
