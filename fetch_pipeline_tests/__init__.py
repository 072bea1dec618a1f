"""Tests: one module per module, named alike, and a few for the whole."""
