"""What runs inside the sessions; imported there as ``inside``."""
