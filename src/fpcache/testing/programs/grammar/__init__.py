"""What random notebooks are made of: templates of statements, and how they are put together and edited."""
