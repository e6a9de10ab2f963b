"""Where a batch is worked on: threads of this process, processes, or any backend of joblib."""
