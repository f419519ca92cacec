"""Mixed traffic, growth and floods against one machine, each for a bounded time."""
