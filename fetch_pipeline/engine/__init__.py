"""The network: one crew of workers, one page at a time each, one outcome per URL."""
