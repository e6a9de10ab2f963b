"""Runs the traps through fpcache and through other caches, and counts what each gets wrong.

``python tests/benchmarks/compare_peers.py`` starts it; see ``docs/comparison.md``.
"""
