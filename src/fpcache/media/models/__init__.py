"""Network architectures, in plain PyTorch, that load published weights."""
