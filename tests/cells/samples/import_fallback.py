try:
    import no_such_module_at_all as maybe
except ImportError:
    maybe = None
result = maybe
